"""Addresses of the site. `/answerable` is the desk's."""

from django.urls import path

from pictures import contract, views

urlpatterns = [
    path("", views.home),
    path("p/<str:ref>", views.item),
    path("media/<str:ref>", views.media),
    path("upload", views.upload),
    path("delete/<str:ref>", views.delete),
    path("answerable", contract.endpoint),
]
