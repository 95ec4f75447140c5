"""What browser tests share: a device that makes passkeys, and a look for barriers that survives a navigation."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, Page

TRIES = 30
PAUSE_MILLISECONDS = 100
OF_NAVIGATION = (
    "Execution context was destroyed",
    "Cannot read properties of null",
    "navigation",
    "axe is not defined",
)


def add_passkey_device(page: Page) -> None:
    """Give the page's browser a device that makes passkeys without asking anybody."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def barriers(page: Page, tags: list[str] | None = None) -> list[tuple[str, list[str]]]:
    """What axe finds on the page in front: rule and elements. Looks again when the page changed under it."""
    for left in reversed(range(TRIES)):
        try:
            page.wait_for_load_state("load")
            options: Any = {"runOnly": tags} if tags else None
            found = Axe().run(page, options=options).response["violations"]
            return [(v["id"], [node["html"] for node in v["nodes"]]) for v in found]
        except Error as error:
            if not left or not any(word in str(error) for word in OF_NAVIGATION):
                raise
            page.wait_for_timeout(PAUSE_MILLISECONDS)
    raise AssertionError("no try was made")
