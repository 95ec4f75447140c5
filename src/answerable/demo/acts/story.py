"""The documented story, on its dates: two accounts, one picture, eleven copies, and who reported when."""

from datetime import UTC, datetime, timedelta

from answerable.demo import pictures
from answerable.demo.acts.scene import Scene
from answerable.demo.acts.uploading import tried_and_seen
from answerable.demo.reviewer import NOT_VIOLATING
from answerable.demo.sample.pictures import jpeg

BEGIN = datetime(2019, 12, 23, 9, 0, tzinfo=UTC)
FIRST_REPORT = datetime(2019, 12, 25, 12, 0, tzinfo=UTC)
HIS_OWN_REPORT = datetime(2020, 1, 21, 18, 0, tzinfo=UTC)
MOTHERS_REPORTS = datetime(2020, 1, 22, 8, 0, tzinfo=UTC)
MOTHER_AGAIN = datetime(2020, 1, 26, 10, 0, tzinfo=UTC)
REFUSAL_OF_THE_CASE = datetime(2020, 1, 28, 9, 0, tzinfo=UTC)
AGENT_CALLED = datetime(2020, 1, 30, 9, 0, tzinfo=UTC)
PROMISED = (
    "SELECT count(*), sum(state = 'kept') FROM obligations_obligation WHERE state != 'released' AND kind IN "
    "('acknowledge', 'hide', 'find_copies', 'look', 'decide', 'read_answer', 'tell_reporter')"
)
"""What reporters are promised: owed, and kept in time."""
VIEWS_EACH, VIEWS_TRIED_EACH = 12, 8
OTHER_PICTURE = 71


class Story(Scene):
    """The acts, in the order of their dates."""

    def play(self) -> None:
        """All acts, in order."""
        self.posted()
        self.first_report()
        self.uploaded_again("before anybody decided")
        self.decided()
        self.uploaded_again("after the decision")
        self.offender_uploads()
        self.his_own_report()
        self.one_says_no()
        self.the_family()
        self.answer_reopens()
        self.the_month_after()
        self.nothing_is_left()

    def posted(self) -> None:
        """Two accounts post the picture, eleven others copies of it; people look and repost."""
        replay, figures = self.replay, self.replay.figures
        for name in ("uri", "yann"):
            with replay.visitor(name) as uploader:
                self.posts.append(uploader.upload(self.original, "No words."))
        for number, copy in enumerate(pictures.eleven_copies(self.original)):
            with replay.visitor(f"copier{number}") as copier:
                self.copies.append(copier.upload(copy.data, copy.how))
        reposted = 0
        for number in range(6 if replay.stage.reposts else 0):
            with replay.visitor(f"fan{number}") as fan:
                for ref in (*self.posts, *self.copies[:2]):
                    fan.repost(ref)
                    reposted += 1
        for day in (23, 24, 25):
            replay.jump(datetime(2019, 12, day, 11, 30, tzinfo=UTC))
            replay.stage.view([*self.posts, *self.copies], VIEWS_EACH * (day - 22) // 2)
            replay.settle()
            figures.views.append((replay.time.now(), replay.stage.views(self.everywhere)))
        figures.copies_total = len(self.copies)
        figures.views_before_first_notice = replay.stage.views(self.everywhere)
        figures.reposts = reposted if replay.stage.reposts else None
        replay.say(
            f"Two accounts posted one picture, others {len(self.copies)} copies; "
            f"{figures.views_before_first_notice} views, {reposted} reposts so far."
        )

    def first_report(self) -> None:
        """A third person reports one of the posts. What was reported is hidden, and every copy of it."""
        replay, figures = self.replay, self.replay.figures
        replay.jump(FIRST_REPORT)
        sent_at = self.reported_first("third", self.posts[0])
        figures.seconds_until_strangers_saw_nothing = self.until_unseen(self.posts[0], sent_at)
        replay.settle()
        figures.seconds_to_hidden = self.seconds_to_hidden(self.posts[0])
        hidden = [ref for ref in self.everywhere if not replay.visible(ref)]
        figures.reports_needed = 1 if self.posts[0] in hidden else None
        figures.copies_found = sum(ref in hidden and self.in_case_of_first(ref) for ref in self.copies)
        seen = replay.stage.view(self.everywhere, VIEWS_TRIED_EACH)
        figures.views_tried_after_hiding = VIEWS_TRIED_EACH * len(self.everywhere)
        replay.say(
            f"First report{', in the client' if figures.reported_in_client else ''}: hidden and checked "
            f"{figures.seconds_to_hidden:.2f} s after it was accepted, "
            f"{figures.copies_found} of {len(self.copies)} copies with it; "
            f"{seen} of {figures.views_tried_after_hiding} strangers got through afterwards."
        )

    def decided(self) -> None:
        """People on call decide within the hour: two for the picture, one look at each copy."""
        replay, first = self.replay, self.replay.ledger.item(self.posts[0])
        replay.later(minutes=8)
        replay.people["Ravi"].judge(first)
        replay.settle()
        replay.later(minutes=5)
        replay.staff_work(replay.time.now() + timedelta(hours=25))
        replay.settle()
        gone = [ref for ref in self.copies if self.is_verified_gone(ref)]
        replay.figures.copies_verified_gone = len(gone)
        posts_gone = sum(self.is_verified_gone(ref) for ref in self.posts)
        replay.figures.days_to_gone = (replay.time.now() - FIRST_REPORT) / timedelta(days=1)
        replay.say(
            f"Decided by two people, each blind to the other: {posts_gone} posts and {len(gone)} of "
            f"{len(self.copies)} copies gone, and checked to be gone."
        )

    def offender_uploads(self) -> None:
        """The first account, judged to be the offender's, uploads something else: nobody gets to see it."""
        replay = self.replay
        other = jpeg(pictures.busy(OTHER_PICTURE))
        later = tried_and_seen(replay, [pictures.Copy("another picture", other)], "uri", same=True)
        held = replay.ledger.one(
            "SELECT count(*) FROM cases_account WHERE ref = ? AND uploads_held_since IS NOT NULL "
            "AND judged_as = 'offender'",
            [replay.stage.account("uri")],
        )
        asks = replay.stage.asks_before_showing
        verdict = self.screened(other, "uri") if asks else "hold"
        unseen = later.seen == later.longest_seconds == 0
        replay.figures.later_uploads_held = bool(held) and unseen and verdict == "hold"
        became = f"on {verdict}" if asks else "not taken" if unseen else "TAKEN"
        replay.say(f"Its account, judged by a person: a later upload of another picture is {became}.")

    def his_own_report(self) -> None:
        """Weeks later, somebody sends the picture on as a private message, so trimmed that no fingerprint finds it.

        He reports the message and the post in one report. The post has long been gone. Where the desk reaches no
        private messages, this one is a post.
        """
        replay, figures = self.replay, self.replay.figures
        replay.jump(HIS_OWN_REPORT - timedelta(hours=4))
        trimmed = jpeg(pictures.trimmed_hard(self.original))
        replay.violating.append(pictures.fingerprint(trimmed)[0])
        with replay.visitor("classmate") as sender:
            self.message = sender.send("mei", "Seen this?", trimmed)
        replay.jump(HIS_OWN_REPORT)
        self.report("he", self.message, "me_child", kind="m", more=self.link(self.posts[0]))
        replay.settle()
        figures.seconds_to_hidden_message = self.seconds_to_hidden(self.message)
        figures.message_was_private = replay.stage.private_messages
        what = "private message" if figures.message_was_private else "message (a post here)"
        replay.say(
            f"His own report, of a {what} and the post: the message hidden and checked in "
            f"{figures.seconds_to_hidden_message:.2f} s, the post is gone since December."
        )

    def one_says_no(self) -> None:
        """One reviewer finds no violation. Nothing is refused, nothing comes back, nobody is told no."""
        replay = self.replay
        replay.later(minutes=9)
        item = replay.ledger.item(self.message)
        same = [replay.ledger.item(ref) for ref in replay.stage.same_bytes(self.message)]
        replay.people["Ravi"].judge(item, NOT_VIOLATING, also=same)
        replay.settle()
        page = self.people["he"].open(self.codes["he"]).text
        says_hidden = "Hidden</span>" in page and "does not break the rules" not in page
        refused = replay.ledger.one(
            "SELECT count(*) FROM cases_decision d JOIN cases_itemcontent c ON c.id = d.content_id "
            "WHERE c.item_id = ? AND d.verdict = 'not_violating'",
            [item],
        )
        told_no = replay.ledger.one("SELECT count(*) FROM cases_message WHERE reply = 'not_violating'")
        replay.figures.refused_by_one_person = bool(
            refused or told_no or self.message_seen() or not says_hidden
        )
        replay.say(
            "One reviewer found no violation: "
            + (
                "REFUSED."
                if replay.figures.refused_by_one_person
                else "no refusal, the message stays hidden, his page says so."
            )
        )

    def the_family(self) -> None:
        """His mother reports twice the next morning. The reports on the same things join one case."""
        replay, figures = self.replay, self.replay.figures
        replay.jump(MOTHERS_REPORTS)
        self.report("mother", self.message, "my_child", kind="m", more=self.link(self.posts[0]))
        replay.later(minutes=3)
        self.report("mother again", self.message, "my_child", kind="m", more=self.link(self.posts[0]))
        replay.settle()
        found = replay.ledger.rows(
            "SELECT count(DISTINCT n.report_id), count(DISTINCT i.case_id) FROM cases_reporteditem n "
            "JOIN cases_item i ON i.id = n.item_id WHERE i.ref = ?",
            [self.message],
        )
        figures.reports_of_the_family, figures.cases_of_the_family = found[0]
        figures.document_asked = any(person.asked_for_a_document for person in self.people.values())
        replay.say(
            f"His mother's two reports: {figures.reports_of_the_family} reports of the message stand in "
            f"{figures.cases_of_the_family} case, each raising its priority; no document was asked for."
        )

    def answer_reopens(self) -> None:
        """He answers on his page: both of us are minors. Somebody else reads it and others decide anew."""
        replay, item = self.replay, self.replay.ledger.item(self.message)
        before = replay.ledger.one("SELECT round FROM cases_item WHERE id = ?", [item])
        self.people["he"].answer(self.codes["he"], "Both of us are minors.", fact="age")
        replay.settle()
        after, why = replay.ledger.rows("SELECT round, round_why FROM cases_item WHERE id = ?", [item])[0]
        first_again = replay.people["Ravi"].may_judge(item)
        others = replay.people["Rosa"].may_judge(item) and replay.people["Lena"].may_judge(item)
        replay.figures.answer_reopened = (
            after == before + 1 and why == "answer" and others and not first_again
        )
        replay.later(minutes=5)
        replay.people["Rosa"].judge(item)
        replay.settle()
        replay.later(minutes=20)
        replay.people["Lena"].judge(item)
        replay.settle()
        replay.staff_work(replay.time.now() + timedelta(hours=25))
        replay.settle()
        readers = replay.ledger.rows("SELECT DISTINCT actor FROM audit_entry WHERE kind = 'answer_read'")
        ravi = replay.ledger.one("SELECT id FROM cases_person WHERE pseudonym = 'Ravi'")
        replay.figures.answer_read_by_others = bool(readers) and (f"person:{ravi}",) not in readers
        gone = not self.message_seen() and replay.ledger.one(
            "SELECT seen FROM cases_item WHERE id = ?", [item]
        )
        replay.say(f"His answer reopened it before people who had not judged: the message is {gone}.")

    def the_month_after(self) -> None:
        """The remaining dates: the mother writes again, uploads go on being tried, strangers go on looking."""
        replay = self.replay
        replay.jump(MOTHER_AGAIN)
        self.people["mother"].answer(
            self.codes["mother"], "Is it gone? There is a police report now.", "police"
        )
        replay.jump(REFUSAL_OF_THE_CASE)
        self.uploaded_again("on 28 January")
        replay.stage.view(self.everywhere, 4)
        replay.figures.views_tried_after_hiding = (replay.figures.views_tried_after_hiding or 0) + 4 * len(
            self.everywhere
        )
        replay.jump(AGENT_CALLED)
        replay.staff_work(replay.time.now() + timedelta(hours=25))

    def nothing_is_left(self) -> None:
        """36 days after the first report: count the views since, and check the receipt without the desk."""
        replay, figures = self.replay, self.replay.figures
        replay.settle()
        figures.views_after_first_notice = self.views_since_notice()
        figures.views.append((replay.time.now(), replay.stage.views(self.everywhere)))
        figures.receipt_verified = all(self.receipt_is_good(who) for who in self.codes)
        figures.promises_owed, figures.promises_kept = replay.ledger.rows(PROMISED)[0]
        figures.terms_checked = replay.stack.command("policy", "check", "baseline").returncode == 0
        replay.say(
            f"36 days after the first report: {figures.views_after_first_notice} views since, "
            f"receipts {'verified' if figures.receipt_verified else 'NOT verified'} without the desk."
        )
