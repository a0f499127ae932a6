"""Pulls a Chorus tenant with dlt's rest_api source into PostgreSQL. Prints the seconds that the pipeline took."""

import argparse
import os
import signal
import time

parser = argparse.ArgumentParser()
parser.add_argument("--base-url", required=True)
parser.add_argument("--api-key", required=True)
parser.add_argument("--since", required=True, help="start of the window, ISO 8601")
parser.add_argument("--server", required=True, help="URL of the database")
parser.add_argument("--place", required=True, help="an empty directory for dlt's files")
parser.add_argument("--details", action="store_true", help="read the detail of every call, too")
options = parser.parse_args()

# A pipeline that goes on for ever must not hold up the others.
signal.alarm(900)

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"
# As many requests at once as the other contestants.
os.environ["EXTRACT__WORKERS"] = "16"
os.environ["EXTRACT__MAX_PARALLEL_ITEMS"] = "32"
# COPY instead of INSERT: dlt's faster way into PostgreSQL.
os.environ["NORMALIZE__LOADER_FILE_FORMAT"] = "csv"

import dlt  # noqa: E402
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator  # noqa: E402
from dlt.sources.rest_api import rest_api_source  # noqa: E402


class UntilBlank(JSONResponseCursorPaginator):
    """Chorus ends its list with a blank key, which as a key leads to the same empty page again and again."""

    def update_state(self, response, data=None):
        super().update_state(response, data)
        if self._next_reference is not None and not self._next_reference.strip():
            self._has_next_page = False


def without_media(detail):
    """What the other contestants do not store either: a row for each stretch of each voice."""
    recording = detail["attributes"]["recording"]
    recording.pop("clusters", None)
    recording.pop("thumbnails", None)
    return detail


resources = [
    {
        "name": "calls",
        "endpoint": {
            "path": "v3/engagements",
            "params": {"with_trackers": "true", "min_date": options.since},
            "data_selector": "engagements",
        },
    }
]
if options.details:
    resources.append(
        {
            "name": "conversations",
            "parallelized": True,
            "processing_steps": [{"map": without_media}],
            "endpoint": {
                "path": "api/v1/conversations/{resources.calls.engagement_id}",
                "params": {"include_meeting_metadata": "true"},
                "data_selector": "data",
                "paginator": "single_page",
            },
        }
    )

began = time.monotonic()
source = rest_api_source(
    {
        "client": {
            "base_url": options.base_url,
            "auth": {"type": "api_key", "name": "Authorization", "api_key": options.api_key, "location": "header"},
            "paginator": UntilBlank(cursor_path="continuation_key", cursor_param="continuation_key"),
        },
        "resource_defaults": {"write_disposition": "append"},
        "resources": resources,
    }
)
pipeline = dlt.pipeline(
    pipeline_name="chorus",
    pipelines_dir=options.place,
    destination=dlt.destinations.postgres(credentials=options.server),
    dataset_name="bench",
)
pipeline.run(source).raise_on_failed_jobs()
print(time.monotonic() - began)
