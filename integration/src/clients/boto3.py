"""S3 by Amazon's own client: make BUCKET, put BUCKET KEY (content from the input), dump BUCKET (all objects, as JSON)."""
import json, sys
import boto3

s3 = boto3.client("s3")
command, bucket = sys.argv[1:3]
if command != "dump" and bucket not in [known["Name"] for known in s3.list_buckets()["Buckets"]]:
    s3.create_bucket(Bucket=bucket)
if command == "put":
    s3.put_object(Bucket=bucket, Key=sys.argv[3], Body=sys.stdin.buffer.read())
elif command == "dump":
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    read = lambda key: s3.get_object(Bucket=bucket, Key=key)["Body"].read().hex()
    print(json.dumps({key: read(key) for key in keys}))
