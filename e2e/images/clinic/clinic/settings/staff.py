"""Settings of the site for the staff."""
from clinic.settings import *  # noqa: F403

SITE = "staff"
