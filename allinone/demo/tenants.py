"""The demo's two retail chains, by the ids that tokens bear."""

TENANT = "demo"
CHINA_TENANT = "china"
