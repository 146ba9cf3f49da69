"""A worker in Python on boto3, as most teams write one: one message after the other.

BENCH_AWS is where S3 and SQS are, BENCH_QUEUE the queue's URL, BENCH_DATABASE Postgres.
"""

import json
import os
from urllib.parse import unquote_plus

import boto3
import psycopg
from botocore.config import Config

PNG = b"\x89PNG"
UPDATE = "UPDATE yardstick_settle SET status = %s, decided_at = now() WHERE key = %s AND status = 'pending'"

aws = {"region_name": "us-east-1", "endpoint_url": os.environ["BENCH_AWS"]}
s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}), **aws)
sqs = boto3.client("sqs", **aws)
database = psycopg.connect(os.environ["BENCH_DATABASE"], autocommit=True)
queue = os.environ["BENCH_QUEUE"]


def settle(message):
    told = json.loads(message["Body"])["Records"][0]["s3"]
    key = unquote_plus(told["object"]["key"])
    answer = s3.get_object(Bucket=told["bucket"]["name"], Key=key, Range="bytes=0-8191")
    head = answer["Body"].read()
    database.execute(UPDATE, ("confirmed" if head.startswith(PNG) else "rejected", key))
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


while True:
    received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=5)
    for message in received.get("Messages", []):
        settle(message)
