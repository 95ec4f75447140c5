"""The documented case on a real homeserver: reported in a client, hidden, found, decided, gone, kept out."""

import pytest

from answerable.cases.models import Report
from tests.api.pictures import jpeg, picture
from tests.platforms.synapse.conftest import Place, event

pytestmark = pytest.mark.synapse


def test_a_report_made_in_a_client_is_hidden_here_and_another_user_no_longer_gets_it(place: Place) -> None:
    uri, dana, max_ = (place.person(name) for name in ("uri", "dana", "max"))
    room = uri.room()
    dana.join(room)
    mxc = uri.upload(jpeg(picture(1)))
    posted = uri.post(room, mxc)
    assert max_.sees(mxc)
    dana.report_event(room, posted, "It is me. I am 13.")
    took = place.hidden(event(room, posted))
    assert not max_.sees(mxc)
    assert not max_.sees(mxc, thumbnail=True)
    assert not uri.sees(mxc), "nor does its author"
    report = Report.objects.get(reported_items__item__ref=event(room, posted))
    assert report.relation == "platform_user"
    print(f"{took:.2f} s")
