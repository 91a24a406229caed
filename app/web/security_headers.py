"""What browsers are told never to do with our answers. A route that needs another policy sets its own header."""

PAGE_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
DRAWING_POLICY = b"default-src 'none'; style-src 'unsafe-inline'"  # a plot or badge opened by itself keeps its own style element
OTHER_POLICY = b"default-src 'none'; frame-ancestors 'none'"

FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Resource-Policy": "cross-origin",  # badges and plots are made to be embedded
}


def content_security_policy(content_type: bytes) -> bytes:
    if content_type.startswith(b"text/html"):
        return PAGE_POLICY
    return DRAWING_POLICY if content_type.startswith(b"image/svg+xml") else OTHER_POLICY


def transport_headers(public_url: str) -> dict[str, str]:
    return {"Strict-Transport-Security": "max-age=31536000"} if public_url.startswith("https://") else {}
