"""What daphne serves: a websocket that says where it leads, and that the database answers."""
import django
from asgiref.sync import sync_to_async

django.setup()

from django.conf import settings  # noqa: E402

from entries.models import Entry  # noqa: E402


async def application(scope, receive, send):
    await receive()
    await sync_to_async(Entry.objects.count)()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": f"{scope['path']} of {settings.SITE}, {settings.TIME_ZONE}"})
