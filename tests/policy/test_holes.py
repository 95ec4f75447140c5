"""Each kind of hole is found, with its file, its line and a reason that says what is wrong."""

import re

import pytest

from answerable.policy import PolicyError, baseline, check, load
from tests.policy.edits import BASELINE, edited, holes_in, line_of

# what is wrong · what stood there · what stands there now · words of the line to be named · the reason
TABLE = [
    (
        "a list under a harm that isn't there",
        "{list: stopncii, harm: ncii}",
        "{list: stopncii, harm: ncmi}",
        "{list: stopncii, harm: ncmi}",
        "no harm named 'ncmi'",
    ),
    (
        "a near match that decides",
        "lists:\n",
        "lists:\n  - {list: ncmec, near: block}\n",
        "{list: ncmec, near: block}",
        "a near match with 'ncmec' is held for a look",
    ),
    (
        "what people say about themselves, deciding",
        "lists:\n",
        "lists:\n  - {list: stopncii.Active, exact: block}\n",
        "{list: stopncii.Active, exact: block}",
        "'stopncii.Active' is what people said, unseen",
    ),
    (
        "our own list among those of others",
        "lists:\n",
        "lists:\n  - {list: own.reported, exact: block}\n",
        "{list: own.reported, exact: block}",
        "'own.reported' is what people here decided",
    ),
    (
        "one list with two meanings",
        "lists:\n",
        "lists:\n  - {list: ncmec}\n  - {list: ncmec, exact: block}\n",
        "{list: ncmec, exact: block}",
        "'ncmec' stands there twice",
    ),
    (
        "a promise bound to nothing",
        "      kept_by: hide\n",
        "      kept_by: [hide, send_flowers]\n",
        "said:\n  hide_at_once:\n    - text:",
        "bound to nothing: 'send_flowers'",
    ),
    (
        "a promise about what follows a decision, which doesn't always",
        "      then: tell_reporter\n",
        "      then: acknowledge\n",
        None,
        "'acknowledge' does not always follow on_violating",
    ),
    (
        "a promise with a time of its own",
        "That takes {hide} at most",
        "That takes one minute at most",
        "That takes one minute",
        "'one minute' is a time that nothing keeps",
    ),
    (
        "a promise with somebody else's time",
        "That takes {hide} at most",
        "That takes {decide} at most",
        "That takes {decide}",
        "a time of something that doesn't keep this promise",
    ),
    (
        "a promise hidden in a plain reply",
        'en: "We have your message."',
        'en: "We have your message. We will answer soon."',
        "We will answer soon",
        "'We will' promises something, bound to nothing",
    ),
    (
        "a promise hidden in a plain French reply",
        'fr: "Nous avons reçu votre message."',
        'fr: "Nous avons reçu votre message. Nous allons répondre."',
        "Nous allons répondre",
        "'Nous allons répondre' promises something",
    ),
    (
        "a child's refusal by one person",
        "refuse: {people: 2, qualified: child_safety, tie: lead}",
        "refuse: {people: 1, qualified: child_safety, tie: lead}",
        "refuse: {people: 1,",
        "takes two qualified people at least",
    ),
    (
        "a refusal by nobody",
        "refuse: {people: 2, qualified: child_safety, tie: lead}",
        "refuse: {people: 0, qualified: child_safety, tie: lead}",
        "refuse: {people: 0,",
        "greater than or equal to 1",
    ),
    (
        "a refusal by a machine",
        "refuse: {people: 2, qualified: child_safety, tie: lead}",
        "refuse: {people: 2, qualified: child_safety, tie: machine}",
        "tie: machine",
        "should be 'lead'",
    ),
    (
        "a refusal by people who aren't qualified",
        "refuse: {people: 2, qualified: child_safety, tie: lead}",
        "refuse: {people: 2, tie: lead}",
        "refuse: {people: 2, tie: lead}",
        "qualified: missing",
    ),
    (
        "a complete request refused by one person",
        "refuse_adult: {people: 1, complete: 2,",
        "refuse_adult: {people: 1,",
        "refuse_adult: {people: 1, qualified",
        "complete removal request takes two",
    ),
    (
        "a complete request about a child refused by one person",
        "refuse: {people: 2, qualified: child_safety, tie: lead}",
        "refuse: {people: 2, complete: 1, qualified: child_safety, tie: lead}",
        "complete: 1",
        "complete removal request takes two",
    ),
    (
        "a list match that is not exact",
        "{list: own.confirmed_by_two, exact: true}",
        "{list: own.confirmed_by_two, exact: false}",
        "exact: false",
        "decides only where it is exact",
    ),
    (
        "a list that decides and is not refused at upload",
        "  - {list: ncmec.A1, harm: csam, exact: block}",
        "  - {list: ncmec.A1, harm: csam}",
        "{list: own.confirmed_by_two, exact: true}, {list: ncmec.A1",
        "decides, and is not refused at upload",
    ),
    (
        "a match that decides under a clause of another harm",
        "{list: ncmec.A1, exact: true, clause: csam.depiction}",
        "{list: ncmec.A1, exact: true, clause: ncii.shared}",
        "clause: ncii.shared",
        "has no clause 'ncii.shared'",
    ),
    (
        "what people say about themselves, as a decision",
        "{list: own.confirmed_by_two, exact: true}",
        "{list: takeitdown.A, exact: true}",
        "takeitdown.A",
        "is what people said, unseen",
    ),
    (
        "a bank that the platform fills itself, as a decision",
        "{list: own.confirmed_by_two, exact: true}",
        "{list: hma.MINE, exact: true}",
        "hma.MINE",
        "is a bank that the platform fills itself",
    ),
    (
        "a list that decides twice",
        "{list: own.confirmed_by_two, exact: true}",
        "{list: ncmec.A2, exact: true}",
        "clause: csam.depiction}, {list: ncmec.A2",
        "'ncmec.A2' stands there twice",
    ),
    (
        "a second person before anything is removed",
        "confirm: {people: 1,",
        "confirm: {people: 2,",
        "confirm: {people: 2",
        "write `people: 1`",
    ),
    (
        "something that nobody does for a copy",
        '      - {do: hide, within: 60s, when: "decided && near"}',
        "      - {do: page_people, within: 60s}",
        "page_people, within: 60s}",
        "'page_people' is not done for a copy",
    ),
    (
        "a list match that one person made",
        "{list: own.confirmed_by_two, exact: true}",
        "{list: own.confirmed, exact: true}",
        "own.confirmed,",
        "not confirmed by two people",
    ),
    (
        "an exception open to one person",
        "        people: 2\n        ages: [adult]\n    shares: [every_report, hide_at_once",
        "        people: 1\n        ages: [adult]\n    shares: [every_report, hide_at_once",
        "      - id: ncii.agreed",
        "'ncii.agreed' is open to one person alone",
    ),
    (
        "an exception open to a machine",
        "        people: 2\n        ages: [adult]\n    shares: [every_report, hide_at_once",
        "        people: 2\n        by: worker\n        ages: [adult]\n    shares: [every_report, hide_at_once",
        "      - id: ncii.agreed",
        "'ncii.agreed' is open to a machine",
    ),
    (
        "an exception to sexual images of a child",
        "    exceptions: []",
        "    exceptions: [{id: csam.art, text: {en: Art., fr: L'art.}, people: 3, ages: [child]}]",
        "csam.art",
        "no exception to sexual images of a child",
    ),
    (
        "an exception for an age that its harm doesn't have",
        "        people: 2\n        ages: [child, unsure]\n",
        "        people: 2\n        ages: [adult]\n",
        "      - id: grooming.asking_for_help",
        "an age that this harm doesn't have",
    ),
    (
        "a condition with a name that isn't a fact",
        'when: "known && media"}\n      - {do: find_copies',
        'when: "known && medai"}\n      - {do: find_copies',
        "medai",
        "the unknown fact 'medai'",
    ),
    (
        "a condition with a typo behind an or",
        'when: "known && media"}\n      - {do: find_copies',
        'when: "known || medai"}\n      - {do: find_copies',
        "medai",
        "the unknown fact 'medai'",
    ),
    (
        "a condition with a value that its fact can't be",
        "when: \"danger == 'soon'\"",
        "when: \"danger == 'son'\"",
        "== 'son'",
        "compares with 'son', which none of its facts can be",
    ),
    (
        "a condition that compares different things",
        "when: \"danger == 'soon'\"",
        'when: "danger == true"',
        "danger == true",
        "never true|not total",
    ),
    (
        "a condition that gives no boolean",
        "when: \"danger == 'soon'\"",
        "when: \"media ? 'soon' : danger\"",
        "media ? 'soon'",
        "is not total: it gives",
    ),
    (
        "a condition that fails for some facts",
        "when: \"danger == 'soon'\"",
        'when: "media && danger"',
        "media && danger",
        "is not total",
    ),
    (
        "a condition that calls a function",
        "when: \"danger == 'soon'\"",
        'when: "size(danger) > 3"',
        "size(danger)",
        "uses _>_, size",
    ),
    (
        "a condition that isn't CEL",
        "when: \"danger == 'soon'\"",
        'when: "danger is soon"',
        "danger is soon",
        "is not a CEL expression",
    ),
    (
        "a condition that decides nothing",
        "when: \"danger == 'soon'\"",
        'when: "media || !media"',
        "media || !media",
        "always true: it decides nothing",
    ),
    (
        "an interim without an answer",
        '      - {use: hide, when: "media"}\n      - {use: look}\n',
        '      - {use: hide, when: "media"}\n',
        "    interim:",
        "the last entry of `interim` has no `when`",
    ),
    (
        "an interim with entries that nothing reaches",
        '      - {use: hide, when: "media"}\n',
        "      - {use: hide}\n",
        "{use: hide}",
        "nothing after this entry is ever reached",
    ),
    (
        "a child's media that isn't hidden",
        '      - {use: hide, when: "media"}\n',
        "      - {use: hide, when: \"media && relation == 'depicted'\"}\n",
        "    interim:",
        "a child's media is hidden at once",
    ),
    (
        "a hiding that nobody owes",
        '      - {do: hide, within: 60s, when: "known && media"}\n',
        '      - {do: hide, within: 60s, when: "known && media && contact"}\n',
        "    interim:",
        "on_report owes no 'hide'",
    ),
    (
        "a hiding that comes late",
        '      - {do: hide, within: 60s, when: "known && media"}\n',
        '      - {do: hide, within: 2h, when: "known && media"}\n',
        "    interim:",
        "owes no 'hide' within 5 minutes",
    ),
    (
        "a look at a child's report that comes late",
        "      - {do: look, by: people, within: 15m}\n",
        "      - {do: look, by: people, within: 16m}\n",
        "within: 16m",
        "must owe 'look' by people within 15 minutes",
    ),
    (
        "a look by a machine",
        "      - {do: look, by: people, within: 15m}\n",
        "      - {do: look, by: worker, within: 15m}\n",
        "by: worker, within: 15m",
        "'look' is for people",
    ),
    (
        "a complaint answered by those who decided",
        "{do: decide_complaint, by: other_people,",
        "{do: decide_complaint, by: people,",
        "decide_complaint, by: people",
        "for those who had no part in it",
    ),
    (
        "the 48 hours missing under US law",
        "      - {do: remove_if_undecided, after: 40h, within: 48h, regime: us, "
        'when: "media", law: "47 USC 223a(a)(3)"}\n',
        "",
        "do: remove_if_undecided",
        "ncii under us: on_complete_request must owe 'remove_if_undecided'",
    ),
    (
        "a text that is removed undecided",
        'after: 40h, within: 48h, regime: us, when: "media", law',
        "after: 40h, within: 48h, regime: us, law",
        "do: remove_if_undecided",
        "only media are removed undecided",
    ),
    (
        "hour 40 that comes after hour 40",
        "after: 40h, within: 48h, regime: uk",
        "after: 41h, within: 48h, regime: uk",
        "do: remove_if_undecided",
        "ncii under uk: .* beginning at 40 hours",
    ),
    (
        "48 hours that are more",
        "after: 40h, within: 48h, regime: uk",
        "after: 40h, within: 49h, regime: uk",
        "do: remove_if_undecided",
        "ncii under uk: .* within 48 hours",
    ),
    (
        "a removal that follows from a report alone",
        "      - {do: look, by: people, within: 15m}\n",
        "      - {do: look, by: people, within: 15m}\n      - {do: remove, within: 61s}\n",
        "do: remove, within: 61s",
        "'remove' never follows from on_report",
    ),
    (
        "an act on an account that follows from a report alone",
        "      - {do: look, by: people, within: 15m}\n",
        "      - {do: look, by: people, within: 15m}\n      - {do: suspend_account, within: 1h}\n",
        "do: suspend_account",
        "'suspend_account' never follows from on_report",
    ),
    (
        "a filing that rests on a report alone",
        "      - {do: look, by: people, within: 15m}\n",
        "      - {do: look, by: people, within: 15m}\n"
        "      - {do: report_authority, by: people, within: 1h, to: ncmec, regime: us}\n",
        "do: report_authority",
        "'report_authority' never follows from on_report",
    ),
    (
        "a filing that nobody owes",
        'when: "age != \'adult\'", law: "18 USC 2258A(a)(1)"',
        'when: "age == \'child\'", law: "18 USC 2258A(a)(1)"',
        "18 USC 2258A(a)(1)",
        "a finding about a child is filed under us",
    ),
    (
        "a preservation that is too short",
        'what: media_and_report, for: 365d, when: "age != \'adult\'", law: "18 USC 2258A(h)"',
        'what: media_and_report, for: 90d, when: "age != \'adult\'", law: "18 USC 2258A(h)"',
        "for: 90d",
        "a year's preservation",
    ),
    (
        "media kept without a basis",
        "what: facts_and_hashes, for: 190d",
        "what: media, for: 190d",
        "what: media, for: 190d",
        "names no basis for keeping media",
    ),
    (
        "a basis that isn't named",
        'keeps: {media: true, at_hiding: true, basis: "18 USC 2258A(h)", for: 365d}',
        "keeps: {media: true, for: 365d}",
        "keeps: {media: true, for: 365d}",
        "only where the law's basis is named",
    ),
    (
        "capturing what is hidden where media may not be kept",
        "keeps: {media: false, for: 190d}",
        "keeps: {media: false, at_hiding: true, for: 190d}",
        "at_hiding: true, for: 190d",
        "only where media may be kept",
    ),
    (
        "a notice that waits longer than the law lets it",
        "notice: interim, regime: eu, after: 24h, within: 48h",
        "notice: interim, regime: eu, after: 25h, within: 48h",
        "after: 25h",
        "longer than the law of 'eu' lets a notice wait",
    ),
    (
        "a notice that waits on no ground",
        'within: 31d, ground: "No federal law asks for this notice: it waits to protect a person"}',
        "within: 31d}",
        "regime: us, after: 30d, within: 31d}",
        "on a `ground`",
    ),
    (
        "a notice that comes while telling can hurt",
        "notice: interim, within: 1h, when: \"age == 'adult' && danger == 'none'\"",
        "notice: interim, within: 1h, when: \"danger == 'none'\"",
        "when: \"danger == 'none'\"",
        "telling can hurt",
    ),
    (
        "a notice that nobody gets",
        "notice: interim, within: 1h, when: \"age == 'adult' && danger == 'none'\"",
        "notice: interim, within: 1h, when: \"age == 'adult' && danger == 'none' && contact\"",
        "danger == 'none' && contact",
        "on_interim_hidden must owe 'tell_holder'",
    ),
    (
        "a notice that speaks of the report",
        "en: \"Something in your account isn't visible at the moment, while it is being checked.",
        "en: \"Something in your account was reported and isn't visible at the moment.",
        "was reported and",
        "a notice says nothing about a report",
    ),
    (
        "an undecided removal's notice that comes while telling can hurt",
        "notice: removed_undecided, within: 1h, when: \"age == 'adult' && danger == 'none'\"",
        "notice: removed_undecided, within: 1h, when: \"danger == 'none'\"",
        "notice: removed_undecided, within: 1h, when: \"danger == 'none'\"",
        "telling can hurt",
    ),
    (
        "an undecided removal of which nobody is told",
        "notice: removed_undecided, within: 1h, when: \"age == 'adult' && danger == 'none'\"",
        "notice: removed_undecided, within: 1h, when: \"age == 'adult' && danger == 'none' && contact\"",
        "danger == 'none' && contact",
        "on_undecided_removed must owe 'tell_holder'",
    ),
    (
        "a suspension of which nobody is told",
        "notice: account_suspended, regime: uk,",
        "notice: account_suspended, regime: us,",
        "notice: account_suspended, regime: us",
        "csam under uk: on_offender must owe 'tell_holder'",
    ),
    (
        "a notice of a suspension that comes while telling can hurt",
        "{do: tell_holder, notice: account_suspended, regime: uk, after: 14d, within: 15d,",
        "{do: tell_holder, notice: account_suspended, regime: uk, within: 15d,",
        "notice: account_suspended, regime: uk, within: 15d",
        "telling can hurt",
    ),
    (
        "a notice that hints at a report",
        "Facts: the content was found to fall under the rule above.",
        "Facts: the content was found to fall under the rule above; we received information about it.",
        "we received information",
        "a notice says nothing about a report",
    ),
    (
        "a means of deciding where nobody decided",
        "Means: removed automatically, without a decision by people.",
        "Means: {means}.",
        "Means: {means}. Ground: the law named above",
        "nothing fills the placeholder {means}",
    ),
    (
        "a notice that could say who",
        "Nobody has decided anything. If",
        "{reporter} told us. If",
        "{reporter} told us",
        "nothing fills the placeholder {reporter}",
    ),
    (
        "a sentence of the terms that nothing keeps",
        '    kept_by: remove_if_undecided\n  - en: "Nothing happens',
        '    kept_by: send_flowers\n  - en: "Nothing happens',
        "\n  - text:",
        "bound to nothing: 'send_flowers'",
    ),
    (
        "a promise in the terms with a time of its own",
        "within {remove_if_undecided} of the report",
        "within 48 hours of the report",
        "within 48 hours of the report",
        "is a time that nothing keeps",
    ),
    (
        "a missing language",
        'name: {en: "Intimate images shared without consent", fr: "Images intimes partagées sans accord"}',
        'name: {en: "Intimate images shared without consent"}',
        "Intimate images shared without consent",
        "the text is missing in 'fr'",
    ),
    (
        "a language that the pack doesn't have",
        'fr: "Images intimes partagées sans accord"}',
        'fr: "Images intimes partagées sans accord", de: "Intime Bilder"}',
        "Intime Bilder",
        "the pack has no language 'de'",
    ),
    (
        "an empty text",
        'fr: "Images intimes partagées sans accord"}',
        'fr: ""}',
        'consent", fr: ""',
        "the text in 'fr' is empty",
    ),
    (
        "languages with different placeholders",
        "{missing}. Vous pouvez",
        "quelque chose. Vous pouvez",
        "  incomplete:\n    text:",
        "the same placeholders",
    ),
    (
        "a brace that stays open",
        "aux États-Unis. {emergency_contact}",
        "aux États-Unis. {emergency_contact",
        "  nobody_on_call:\n    text:",
        "expected '}'",
    ),
    (
        "a reply that is missing",
        "  answer_read:\n",
        "  answer_seen:\n",
        "\nreplies:",
        "'answer_read' is missing",
    ),
    (
        "a regime that nothing is owed under",
        "regimes:\n  us:",
        "regimes:\n  au:",
        "  au:",
        "nothing is owed under the regime 'au'",
    ),
    (
        "a regime that doesn't exist",
        "regimes:\n  us:",
        "regimes:\n  au:",
        'regime: us, when: "media", law: "47',
        "there is no regime named 'us'",
    ),
    (
        "an authority that doesn't exist",
        "within: 24h, to: ncmec, regime: us, when",
        "within: 24h, to: nmec, regime: us, when",
        "to: nmec",
        "there is no authority named 'nmec'",
    ),
    (
        "an authority of another regime",
        "within: 24h, to: ncmec, regime: us, when",
        "within: 24h, to: nca, regime: us, when",
        "to: nca, regime: us",
        "'nca' is told under 'uk', not 'us'",
    ),
    (
        "a reply that doesn't exist",
        "reply: answer_received}",
        "reply: answer_recieved}",
        "answer_recieved",
        "there is no reply named 'answer_recieved'",
    ),
    (
        "a shared part that doesn't exist",
        "shares: [every_report, tell_holder_late_where_dangerous,",
        "shares: [every_reprot, tell_holder_late_where_dangerous,",
        "every_reprot",
        "there is no shared part named 'every_reprot'",
    ),
    (
        "a shared part that nobody uses",
        "said:\n",
        "said:\n  nobody_says_it:\n    - {text: {en: Hello., fr: Bonjour.}, kept_by: look}\n",
        "  nobody_says_it:",
        "no harm says 'nobody_says_it'",
    ),
    (
        "an obligation without a time",
        "{do: freeze, within: 60s,",
        "{do: freeze,",
        "{do: freeze,",
        "within: missing",
    ),
    (
        "a time that isn't one",
        "{do: freeze, within: 60s,",
        "{do: freeze, within: soon,",
        "within: soon",
        "not a length of time",
    ),
    (
        "a time that never ends",
        "{do: freeze, within: 60s,",
        "{do: freeze, within: 9999999d,",
        "9999999d",
        "longer than 20 years",
    ),
    (
        "a time of zero",
        "{do: freeze, within: 60s,",
        "{do: freeze, within: 0s,",
        "within: 0s",
        "not a length of time",
    ),
    (
        "what begins after it is late",
        "after: 7d, within: 9d",
        "after: 9d, within: 9d",
        "after: 9d",
        "begin before it is late",
    ),
    ("an unknown key", "{do: freeze, within: 60s,", "{do: freeze, wihtin: 60s,", "wihtin", "unknown key"),
    ("an unknown event", "    on_differ:", "    on_defer:", "    on_defer:", "on_defer"),
    (
        "an unknown harm word",
        "    severity: normal",
        "    severity: low",
        "severity: low",
        "'critical', 'high' or 'normal'",
    ),
    (
        "a key that stands there twice",
        "version: 2026.12.0\n",
        "version: 2026.12.0\nversion: 2026.12.1\n",
        "2026.12.1",
        "stands there twice",
    ),
    ("a harm that is missing", "\n  csam:\n", "\n  csem:\n", "\nharms:", "the harm 'csam' is missing"),
    (
        "a clause of another harm",
        "id: ncii.forgery",
        "id: csam.forgery",
        "id: csam.forgery",
        "begins with the name of its harm",
    ),
    ("a clause twice", "id: ncii.forgery", "id: ncii.shared", None, "'ncii.shared' stands there twice"),
    (
        "unsure without child",
        "ages: [child, unsure]\n    severity",
        "ages: [unsure]\n    severity",
        "ages: [unsure]",
        "child and unsure belong to it",
    ),
    (
        "copies hidden without end",
        "{interim: hide, up_to: 25, then: limit}",
        "{interim: hide, up_to: 25, then: hide}",
        "then: hide",
        "beyond `up_to`",
    ),
    (
        "complaints for too short a time",
        "contest_for: 184d",
        "contest_for: 183d",
        "contest_for: 183d",
        "for six months",
    ),
    (
        "a contact erased while one can still complain",
        "contact: 220d",
        "contact: 183d",
        "contact: 183d",
        "a 'contact' is erased while a decision can be contested",
    ),
    (
        "what decides a complaint kept for too short a time",
        "what: facts_and_hashes, for: 190d",
        "what: facts_and_hashes, for: 183d",
        "what: facts_and_hashes, for: 183d",
        "as long as one can come",
    ),
    (
        "an adult in danger of whom a child's authority is told",
        "to: ncmec, regime: us, when: \"age != 'adult' && danger == 'now'\"",
        "to: ncmec, regime: us, when: \"danger == 'now'\"",
        "to: ncmec, regime: us, when: \"danger == 'now'\"",
        "'ncmec' is not told about that age",
    ),
    (
        "an adult in danger of whom nobody is told",
        "to: uk_police, regime: uk, when: \"age == 'adult' && danger == 'now'\"",
        "to: uk_police, regime: uk, when: \"age == 'adult' && danger == 'now' && contact\"",
        "do: emergency_duty",
        "csam under uk: on_danger must owe 'emergency_duty'",
    ),
    (
        "an authority that nobody tells",
        "authorities:\n",
        "authorities:\n  europol: {name: {en: Europol., fr: Europol}, regime: eu}\n",
        "  europol:",
        "nothing is ever told to 'europol'",
    ),
    (
        "text kept for ever",
        "erases: {statement: 400d, contact",
        "erases: {contact",
        "erases:",
        "how long a 'statement' is kept",
    ),
    (
        "sealed parts of the log kept for ever",
        ", log: 731d}",
        "}",
        "erases:",
        "how long a 'log' is kept",
    ),
    (
        "adults in a harm that has none",
        "    confirm: {people: 1, or_match: [{list: own.confirmed_by_two",
        "    refuse_adult: {people: 2, qualified: child_safety, tie: lead}\n"
        "    confirm: {people: 1, or_match: [{list: own.confirmed_by_two",
        "    refuse_adult: {people: 2, qualified: child_safety",
        "this harm has no adults",
    ),
    (
        "child without unsure",
        "    ages: [child, unsure, adult]\n    severity: normal",
        "    ages: [child, adult]\n    severity: normal",
        "    ages: [child, adult]",
        "name both or neither",
    ),
    (
        "a regime that tells nobody known",
        "tells: [nca]",
        "tells: [nsa]",
        "tells: [nsa]",
        "no authority named 'nsa'",
    ),
    (
        "an authority under no regime",
        'Kingdom", fr: "la National Crime Agency du Royaume-Uni"}\n    regime: uk',
        'Kingdom", fr: "la National Crime Agency du Royaume-Uni"}\n    regime: gb',
        "  nca:",
        "there is no regime named 'gb'",
    ),
    (
        "a notice under no regime",
        '    regimes:\n      eu:\n        en: "Statement',
        '    regimes:\n      se:\n        en: "Statement',
        "      se:",
        "there is no regime named 'se'",
    ),
    (
        "a filing to nobody",
        "within: 24h, to: ncmec, regime: us, when",
        "within: 24h, regime: us, when",
        "within: 24h, regime: us, when",
        "'report_authority' needs `to`",
    ),
    (
        "an adult's notice that waits without need",
        "      - {do: tell_holder, notice: interim, within: 1h, when: \"age == 'adult' && danger == 'none'\"",
        "      - {do: tell_holder, notice: interim, within: 1h, when: \"age == 'adult' && danger == 'none' && media\"",
        "notice: interim, regime: us, after: 30d, within: 31d, when",
        "gives no ground to wait",
    ),
    (
        "danger that nobody answers",
        "      - {do: answer_danger, by: people, within: 15m, when: \"danger == 'now'\"}\n",
        "",
        "do: answer_danger",
        "danger goes first",
    ),
    (
        "an overturning that leaves the block",
        "      - {do: unblock, within: 5s}\n",
        "",
        "    owes:",
        "overturning withdraws the fingerprint",
    ),
    (
        "an ending without the seven days",
        "after: 7d, within: 9d",
        "after: 6d, within: 9d",
        "after: 6d",
        "a look and seven days",
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "where", "reason"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_a_hole_is_named_with_its_line_and_reason(old: str, new: str, where: str | None, reason: str) -> None:
    text = edited(old, new)
    found = [hole for hole in holes_in(text) if re.search(reason, hole.reason)]
    assert found, "\n".join(map(str, holes_in(text))) or "no hole was found"
    assert all(hole.file == "edited.yaml" for hole in found)
    if where is not None:
        assert line_of(text, where) in {hole.line for hole in found}, found


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_a_pack_with_a_hole_does_not_load(row: tuple[str, str, str, str | None, str]) -> None:
    with pytest.raises(PolicyError) as refused:
        load(edited(row[1], row[2]), "edited.yaml")
    assert str(refused.value).startswith("edited.yaml:")


def test_the_baseline_has_no_hole() -> None:
    assert holes_in(BASELINE) == []


def test_all_holes_are_named_at_once() -> None:
    text = edited("{list: own.confirmed_by_two, exact: true}", "{list: own.confirmed_by_two, exact: false}")
    text = text.replace("contest_for: 184d", "contest_for: 30d")
    reasons = " ".join(hole.reason for hole in holes_in(text))
    assert "only where it is exact" in reasons
    assert "for six months" in reasons


def test_what_nothing_discharges_is_a_hole() -> None:
    kinds = {kind for harm in baseline().harms for kind in baseline().owed_kinds(harm)}
    assert check(baseline(), kinds) == []
    (hole,) = check(baseline(), kinds - {"settle_tie"})
    assert hole.line == line_of(BASELINE, "do: settle_tie")
    assert hole.reason == "'settle_tie' is owed, but nothing discharges that kind"


def test_a_kind_that_others_keep_is_a_hole() -> None:
    pack = baseline()
    kinds = {kind: None for harm in pack.harms for kind in pack.owed_kinds(harm)}
    (hole,) = check(pack, {**kinds, "freeze": "people"})
    assert "'freeze' is kept by people, but the pack says worker" in hole.reason


def test_a_desk_under_a_law_that_the_pack_does_not_know_is_a_hole() -> None:
    pack = baseline()
    kinds = {kind for harm in pack.harms for kind in pack.owed_kinds(harm)}
    assert check(pack, kinds, ["us", "eu.fr"]) == []
    (hole,) = check(pack, kinds, ["us", "au"])
    assert "'au'" in hole.reason
