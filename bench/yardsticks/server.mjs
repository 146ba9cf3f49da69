// The usual tutorial's server: signs a URL for whatever it is asked, and records nothing.
//
// BENCH_PORT says where it listens, BENCH_S3 where the store is.

import { randomUUID } from 'node:crypto';

import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import express from 'express';

const EXPIRES_IN = 600;
const s3 = new S3Client({ region: 'us-east-1', endpoint: process.env.BENCH_S3, forcePathStyle: true });
const app = express();

app.use(express.json());
app.post('/files/upload-url', async (request, response) => {
  const { filename, mimeType } = request.body;
  const key = `uploads/${randomUUID()}-${filename}`;
  const command = new PutObjectCommand({ Bucket: 'sluice', Key: key, ContentType: mimeType });
  const uploadUrl = await getSignedUrl(s3, command, { expiresIn: EXPIRES_IN });
  response.json({ uploadUrl, key, expiresIn: EXPIRES_IN, method: 'PUT', headers: { 'content-type': mimeType } });
});
app.listen(Number(process.env.BENCH_PORT), '127.0.0.1');
