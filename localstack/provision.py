#!/usr/bin/env python3
"""Creates what Sluice needs in AWS: a bucket, a queue with a dead-letter queue, and what ties them together.

    python provision.py --bucket my-uploads --queue my-uploads-events --region eu-west-1

It works on whatever account boto3's usual settings lead to, or on LocalStack with --endpoint; needs nothing but
boto3; and may be run as often as you like: what is there already is brought to the state described here. Only what
belongs to Sluice is touched: an existing bucket keeps the notifications and lifecycle rules that others gave it.
(CORS has no such parts: the bucket's CORS rules become ours.)
"""

import argparse
import json
import os
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

DAY = 24 * 60 * 60

# How long a delivery is hidden from the other workers while one settles it. This is the lease: should the worker die,
# another sees the message when it is over. Settling takes well under a second, and a worker that needs longer asks for more.
VISIBILITY_SECONDS = 60

# A receive that does not say how long it waits for a message waits this long: the most SQS allows. The worker asks for less,
# because stopping waits for its last receive.
LONG_POLL_SECONDS = 20

# An event unread for this long is no loss: the worker looks for its object by itself. It bounds what a long outage piles up.
RETENTION_SECONDS = 4 * DAY

# The worker keeps a message that was handed out six times as a dead event and deletes it, and takes none while the database or
# the bucket is out. So what ends in the dead-letter queue killed every worker that took it, before it could do even that.
MAX_RECEIVES = 8

# The most SQS allows: a dead letter is evidence, kept for as long as it can be.
DEAD_LETTER_RETENTION_SECONDS = 14 * DAY

# Parts of a multipart upload that nobody completes are billed and can't be seen. Sluice aborts what has expired; this is for
# when Sluice isn't there to clean up. An upload can stay pending for 7 days, and its parts must not go before it does.
ABORT_MULTIPART_DAYS = 8

# Backstop for what a write-many grant left under `incoming/`: Sluice copies what it confirms elsewhere and deletes the rest itself.
INCOMING_PREFIX = "incoming/"
EXPIRE_INCOMING_DAYS = 7

# What a browser must be allowed to send with a PUT, a form post or a part, and to read from the answer.
CORS_METHODS = ["PUT", "POST", "GET", "HEAD"]
CORS_ALLOWED_HEADERS = [
    "content-type",
    "content-md5",
    "if-none-match",
    "x-amz-*",
    # For stores that know no wildcard but a lone one, as LocalStack: what a grant can list.
    "x-amz-checksum-sha256",
]
CORS_EXPOSED_HEADERS = [
    "ETag",
    "Location",
    "Content-Disposition",
    "Retry-After",
    "x-amz-checksum-crc32",
    "x-amz-checksum-crc32c",
    "x-amz-checksum-crc64nvme",
    "x-amz-checksum-sha1",
    "x-amz-checksum-sha256",
    "x-amz-version-id",
]
# How long a browser may remember the answer to its preflight request.
CORS_MAX_AGE_SECONDS = 3600

NOTIFICATION_ID = "sluice-object-created"
LIFECYCLE_ABORT_ID = "sluice-abort-incomplete-multipart"
LIFECYCLE_INCOMING_ID = "sluice-expire-incoming"


def main():
    wanted = arguments()
    aws = boto3.session.Session(region_name=wanted.region)
    s3, sqs = (aws.client(name, endpoint_url=wanted.endpoint) for name in ("s3", "sqs"))

    made = create_bucket(s3, wanted.bucket, wanted.region)
    print(f"bucket {wanted.bucket}: {'created' if made else 'was there'}")

    dead_arn, dead_url = create_queue(sqs, f"{wanted.queue}-dead", dead_letter_attributes())
    print(f"queue {wanted.queue}-dead: keeps what could not be settled for {days(DEAD_LETTER_RETENTION_SECONDS)}")

    # arn:aws:sqs:REGION:ACCOUNT:NAME. The bucket is taken to be in the same account, as its owner runs this.
    account = dead_arn.split(":")[4]
    partition = dead_arn.split(":")[1]
    bucket_arn = f"arn:{partition}:s3:::{wanted.bucket}"
    queue_arn, queue_url = create_queue(sqs, wanted.queue, queue_attributes(dead_arn))
    allow_bucket(sqs, queue_url, queue_arn, bucket_arn, account)
    print(
        f"queue {wanted.queue}: hides a delivery for {VISIBILITY_SECONDS} s, gives up after {MAX_RECEIVES}, "
        f"keeps messages for {days(RETENTION_SECONDS)}, takes them from {bucket_arn} alone"
    )

    notify(s3, wanted.bucket, queue_arn)
    print(f"bucket {wanted.bucket}: tells {wanted.queue} of every object created")

    allow_origins(s3, wanted.bucket, wanted.cors_origin)
    print(f"bucket {wanted.bucket}: lets pages from {', '.join(wanted.cors_origin)} upload and download")

    clean_up(s3, wanted.bucket)
    print(
        f"bucket {wanted.bucket}: aborts multipart uploads after {ABORT_MULTIPART_DAYS} days, "
        f"expires {INCOMING_PREFIX} after {EXPIRE_INCOMING_DAYS}"
    )

    print(f"SLUICE_S3_BUCKET={wanted.bucket}")
    print(f"SLUICE_SQS_QUEUE_URL={queue_url}")
    print(f"SLUICE_SQS_DLQ_URL={dead_url}")


def arguments():
    """What to create and where: from the command line, else from the settings that Sluice itself reads."""
    queue_url = os.environ.get("SLUICE_SQS_QUEUE_URL", "")
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--bucket", default=os.environ.get("SLUICE_S3_BUCKET"))
    parser.add_argument("--queue", default=queue_url.rstrip("/").rpartition("/")[2] or None, help="name of the queue")
    parser.add_argument("--region", default=os.environ.get("SLUICE_S3_REGION"))
    parser.add_argument("--endpoint", default=os.environ.get("SLUICE_S3_ENDPOINT") or None, help="not for AWS itself")
    parser.add_argument(
        "--cors-origin",
        nargs="+",
        default=(os.environ.get("PROVISION_CORS_ORIGINS") or "*").split(),
        help="origins of the pages that upload",
    )
    wanted = parser.parse_args()
    for name in ("bucket", "queue", "region"):
        if not getattr(wanted, name):
            parser.error(f"--{name} is missing")
    return wanted


def create_bucket(s3, bucket, region):
    """Whether the bucket had to be made."""
    try:
        s3.head_bucket(Bucket=bucket)
        return False
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
            raise  # 403 means that the name is somebody else's
    # us-east-1 is the one region that must not be named.
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=bucket, **where)
    return True


def create_queue(sqs, name, attributes):
    """The queue's ARN and URL, once it is there with these attributes."""
    try:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
    except sqs.exceptions.QueueDoesNotExist:
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return arn, url


def dead_letter_attributes():
    return {"MessageRetentionPeriod": str(DEAD_LETTER_RETENTION_SECONDS)}


def queue_attributes(dead_arn):
    return {
        "VisibilityTimeout": str(VISIBILITY_SECONDS),
        "ReceiveMessageWaitTimeSeconds": str(LONG_POLL_SECONDS),
        "MessageRetentionPeriod": str(RETENTION_SECONDS),
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": MAX_RECEIVES}),
    }


def allow_bucket(sqs, queue_url, queue_arn, bucket_arn, account):
    """Lets S3 send to the queue, for this bucket of this account alone. Without the two conditions anybody's
    bucket could be pointed at the queue."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "SluiceBucketNotifications",
                "Effect": "Allow",
                "Principal": {"Service": "s3.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue_arn,
                "Condition": {
                    "ArnEquals": {"aws:SourceArn": bucket_arn},
                    "StringEquals": {"aws:SourceAccount": account},
                },
            }
        ],
    }
    sqs.set_queue_attributes(QueueUrl=queue_url, Attributes={"Policy": json.dumps(policy)})


def notify(s3, bucket, queue_arn):
    """Tells the queue of each object, keeping what else the bucket notifies. S3 sends a test event at once, which
    fails this call if the queue's policy doesn't let it."""
    config = s3.get_bucket_notification_configuration(Bucket=bucket)
    config.pop("ResponseMetadata", None)
    others = [one for one in config.get("QueueConfigurations", []) if one.get("Id") != NOTIFICATION_ID]
    ours = {"Id": NOTIFICATION_ID, "QueueArn": queue_arn, "Events": ["s3:ObjectCreated:*"]}
    config["QueueConfigurations"] = [*others, ours]
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=config)


def allow_origins(s3, bucket, origins):
    """Lets a browser page on another origin send to the bucket and read the answer."""
    rule = {
        "AllowedOrigins": origins,
        "AllowedMethods": CORS_METHODS,
        "AllowedHeaders": CORS_ALLOWED_HEADERS,
        "ExposeHeaders": CORS_EXPOSED_HEADERS,
        "MaxAgeSeconds": CORS_MAX_AGE_SECONDS,
    }
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})


def clean_up(s3, bucket):
    """What the store removes by itself, keeping the rules that aren't ours."""
    try:
        rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchLifecycleConfiguration":
            raise
        rules = []
    ours = [
        {
            "ID": LIFECYCLE_ABORT_ID,
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": ABORT_MULTIPART_DAYS},
        },
        {
            "ID": LIFECYCLE_INCOMING_ID,
            "Status": "Enabled",
            "Filter": {"Prefix": INCOMING_PREFIX},
            "Expiration": {"Days": EXPIRE_INCOMING_DAYS},
        },
    ]
    others = [rule for rule in rules if rule.get("ID") not in {rule["ID"] for rule in ours}]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [*others, *ours]})


def days(seconds):
    return f"{seconds // DAY} days"


if __name__ == "__main__":
    try:
        main()
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"provision: {error}")
