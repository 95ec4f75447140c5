"""A personal data server of the AT Protocol, with the AppView and the Ozone that its operator runs."""
