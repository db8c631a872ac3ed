"""The picture of a chat completion: out of a data URL, or fetched where the server's owner allows that."""

from __future__ import annotations

import base64
import binascii
import io
import re
from urllib.parse import unquote_to_bytes

from cogdoc.serve.chat.picture_fetching import fetch_picture
from cogdoc.serve.error_replies import RequestError
from cogdoc.serve.picture_hosts import PictureHosts
from cogdoc.serve.uploads import Upload, UploadFolder

_DATA_URL = re.compile(r"data:(?P<type>[\w.+-]+/[\w.+-]+)?(?:;[\w.+-]+=[^;,]*)*(?P<base64>;base64)?,", re.IGNORECASE)


def keep_picture(url: str, folder: UploadFolder, hosts: PictureHosts, limit: int) -> Upload:
    """Keep the picture that a URL has or names.

    Args:
        limit: the most bytes of a picture that is fetched.

    Raises:
        RequestError: it is neither, or may not be fetched.
        CogdocError: it is empty, or cannot be fetched.
    """
    match = _DATA_URL.match(url)
    if match is None:
        content = fetch_picture(url, hosts, limit)
    elif match["base64"]:
        try:
            content = base64.b64decode(url[match.end() :].encode("ascii", "replace"), validate=True)
        except binascii.Error:
            raise RequestError("image_url: the data URL is not base64", param="messages") from None
    else:
        content = unquote_to_bytes(url[match.end() :])
    return folder.keep(io.BytesIO(content), "picture")
