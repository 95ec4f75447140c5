"""`python manage.py tell_desk`: a process of its own beside the site. Kill it at any time: nothing is lost."""

import time
from typing import Any

from django.core.management.base import BaseCommand

from pictures import desk


class Command(BaseCommand):
    """Sends what the desk is owed, for as long as it runs."""

    help = "Sends what the desk is owed, for as long as it runs."

    def handle(self, *_: Any, **__: Any) -> None:
        while True:
            try:
                desk.send_all()
            except Exception as error:  # whatever it is, what is owed is tried again
                self.stderr.write(f"the desk can't be told now: {error!r}")
            time.sleep(1)
