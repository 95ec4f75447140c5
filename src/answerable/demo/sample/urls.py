"""Addresses of the site; `/answerable` is the desk's."""

from django.urls import path

from answerable.demo.sample import contract
from answerable.demo.sample.views import doing, pages, people

urlpatterns = [
    path("", pages.home, name="home"),
    path("answerable", contract.endpoint),
    path("ready", pages.ready),
    path("style.css", pages.style, name="style"),
    path("sign-in", people.sign_in, name="sign_in"),
    path("sign-out", people.sign_out, name="sign_out"),
    path("new", doing.new_post, name="new_post"),
    path("messages", pages.messages_page, name="messages"),
    path("messages/send", doing.send_message, name="send_message"),
    path("notices", pages.notices_page, name="notices"),
    path("picture", doing.set_picture, name="set_picture"),
    path("p/<str:ref>", pages.post, name="post"),
    path("p/<str:ref>/edit", doing.edit, name="edit"),
    path("p/<str:ref>/repost", doing.repost, name="repost"),
    path("items/<str:ref>/delete", doing.delete, name="delete"),
    path("m/<str:ref>", pages.message, name="message"),
    path("media/<str:ref>", pages.media, name="media"),
    path("u/<str:name>", pages.profile, name="profile"),
]
