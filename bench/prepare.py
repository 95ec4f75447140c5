"""`python -m bench.prepare`: make the desk of ANSWERABLE_DATA ready, as `answerable serve` does first."""

from answerable.settings.start import prepare

if __name__ == "__main__":
    prepare()
    from django.conf import settings

    from answerable.serve.preparation import prepare_desk

    prepare_desk(settings.DATA)
