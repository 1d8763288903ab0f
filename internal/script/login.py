"""Fails unless the database of the project lets this pod log in.

Runs again and again, so it loads the PostgreSQL driver and nothing of the
project.
"""
import os
import sys

try:
    import psycopg as driver
except ImportError:
    import psycopg2 as driver

try:
    # libpq itself reads PGUSER, PGPASSWORD, PGSSLMODE and the like.
    driver.connect(
        host=os.environ["POSTGRES_HOST"],
        port=os.environ["POSTGRES_PORT"],
        dbname=os.environ["POSTGRES_DB"],
        application_name="readiness",
        connect_timeout=5,
    ).close()
except driver.Error as error:
    sys.exit("cannot log in to the database: " + str(error).strip())
