// A worker in Node on sqs-consumer, ten messages at a time: looks at each object's head, records, and has all deleted with one
// request.
//
// BENCH_AWS is where S3 and SQS are, BENCH_QUEUE the queue's URL, BENCH_DATABASE Postgres.

import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import pg from 'pg';
import { Consumer } from 'sqs-consumer';

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47]);
const place = { region: 'us-east-1', endpoint: process.env.BENCH_AWS };
const s3 = new S3Client({ ...place, forcePathStyle: true });
const database = new pg.Pool({ connectionString: process.env.BENCH_DATABASE, max: 10 });

async function settle(message) {
  const { bucket, object } = JSON.parse(message.Body).Records[0].s3;
  const key = decodeURIComponent(object.key.replaceAll('+', ' '));
  const answer = await s3.send(new GetObjectCommand({ Bucket: bucket.name, Key: key, Range: 'bytes=0-8191' }));
  const head = await answer.Body.transformToByteArray();
  const status = PNG.equals(head.subarray(0, 4)) ? 'confirmed' : 'rejected';
  await database.query(
    "UPDATE yardstick_settle SET status = $1, decided_at = now() WHERE key = $2 AND status = 'pending'",
    [status, key],
  );
}

Consumer.create({
  queueUrl: process.env.BENCH_QUEUE,
  sqs: new SQSClient(place),
  batchSize: 10,
  waitTimeSeconds: 5,
  handleMessageBatch: async (messages) => {
    await Promise.all(messages.map(settle));
    return messages;
  },
}).start();
