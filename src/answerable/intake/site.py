"""The addresses of the public door: pages under a language, and what has none."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import URLPattern, URLResolver, path

from answerable.intake.views import appeal, public, report, status

urlpatterns: list[URLPattern | URLResolver] = [
    path("verify.py", public.verifier, name="verifier"),
    *i18n_patterns(
        path("", public.home, name="home"),
        path("report", report.report, name="report"),
        path("status", status.status, name="status"),
        path("status/answer", status.answer, name="answer"),
        path("status/complain", status.complain, name="complain"),
        path("status/complete", status.complete, name="complete"),
        path("status/withdraw", status.withdraw, name="withdraw"),
        path("status/erase", status.erase, name="erase"),
        path("status/receipt", status.receipt, name="receipt"),
        path("status/close", status.close, name="close"),
        path("appeal", appeal.appeal, name="appeal"),
        path("about", public.about, name="about"),
        path("terms", public.terms, name="terms"),
        path("log", public.log, name="log"),
        path("exit", public.leave, name="exit"),
    ),
]
handler400 = "answerable.intake.views.public.bad_request"
handler404 = "answerable.intake.views.public.not_found"
handler500 = "answerable.intake.views.public.server_error"
