"""The addresses of the public door: the report pages, and the machine API beside them."""

from django.urls import path

from answerable.api.site import api
from answerable.intake import site
from answerable.intake.site import handler400, handler404, handler500

__all__ = ["handler400", "handler404", "handler500", "urlpatterns"]

urlpatterns = [path("api/v1/", api.urls), *site.urlpatterns]
