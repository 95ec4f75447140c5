"""The addresses of this door. No part of an address says more than a number."""

from django.urls import URLPattern, URLResolver, include, path

from answerable.console.views import (
    cases,
    checklist,
    duties,
    evidence,
    filings,
    judgement,
    letters,
    overview,
    packages,
    requests,
    sign_in,
)

console: list[URLPattern | URLResolver] = [
    path("", overview.queue, name="queue"),
    path("checklist/", checklist.checklist_page, name="checklist"),
    path("figures/", overview.figures_page, name="figures"),
    path("cases/<int:case_id>/", cases.case_page, name="case"),
    path("cases/<int:case_id>/evidence/", evidence.evidence_page, name="evidence"),
    path("reports/<int:report_id>/", cases.report_page, name="report"),
    path("texts/<int:text_id>/", cases.open_text, name="open_text"),
    path("items/<int:item_id>/", judgement.item_page, name="item"),
    path("items/<int:item_id>/blurred", judgement.blurred_image, name="blurred"),
    path("accounts/<int:account_id>/", duties.account_page, name="account"),
    path("duties/<int:obligation_id>/", duties.duty_page, name="duty"),
    path("filings/", filings.filings_page, name="filings"),
    path("filings/<int:filing_id>/", filings.filing_page, name="filing"),
    path("letters/<int:letter_id>/", letters.letter_page, name="letter"),
    path("requests/", requests.requests_page, name="requests"),
    path("requests/new/", requests.new_request, name="new_request"),
    path("requests/<int:request_id>/", requests.request_page, name="request"),
    path("requests/<int:request_id>/package/", packages.package_page, name="package"),
    path("link/<str:secret>/", sign_in.open_link, name="open_link"),
    path("enrol/", sign_in.enrol, name="enrol"),
    path("enrol/app/", sign_in.EnrolApp.as_view(), name="enrol_app"),
    path("enrol/passkey/", sign_in.EnrolPasskey.as_view(), name="enrol_passkey"),
    path("ready", sign_in.ready, name="ready"),
    path("live", sign_in.ready, name="live"),
]

# Of allauth only what signs in and out: no sign-up, no reset by mail, no removing of second factors.
allauth: list[URLPattern | URLResolver] = [
    path("sign-in/", sign_in.SignIn.as_view(), name="account_login"),
    path("sign-in/second-factor/", sign_in.SecondFactor.as_view(), name="mfa_authenticate"),
    path("sign-in/passkey/", sign_in.PasskeyLogin.as_view(), name="mfa_login_webauthn"),
    path("sign-in/inactive/", sign_in.inactive, name="account_inactive"),
    path("sign-out/", sign_in.SignOut.as_view(), name="account_logout"),
]

urlpatterns: list[URLPattern | URLResolver] = [path("", include((console, "console"))), *allauth]
handler403 = cases.forbidden
handler404 = cases.missing
