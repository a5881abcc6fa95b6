"""SQS and Kinesis by Amazon's own client: make-queue QUEUE (prints its URL), take-messages URL, make-stream STREAM, dump-stream STREAM
(JSON: bodies with attributes and groups, or records)."""
import json, sys
import boto3

command, name = sys.argv[1:3]
sqs, kinesis = boto3.client("sqs"), boto3.client("kinesis")
if command == "make-queue":
    # what was taken does not come back
    attributes = {"VisibilityTimeout": "43200"}
    if name.endswith(".fifo"):
        attributes["FifoQueue"] = "true"
    print(sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])
elif command == "take-messages":
    taken = []
    while True:
        answer = sqs.receive_message(QueueUrl=name, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"])
        messages = answer.get("Messages", [])
        if not messages:
            break
        for message in messages:
            emitter = message["MessageAttributes"]["emitter"]["StringValue"]
            taken.append([message["Body"], emitter, message["Attributes"].get("MessageGroupId")])
        entries = [{"Id": str(at), "ReceiptHandle": message["ReceiptHandle"]} for at, message in enumerate(messages)]
        sqs.delete_message_batch(QueueUrl=name, Entries=entries)
    print(json.dumps(taken))
elif command == "make-stream":
    if name not in kinesis.list_streams()["StreamNames"]:
        kinesis.create_stream(StreamName=name, ShardCount=1)
        kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
elif command == "dump-stream":
    shard = kinesis.list_shards(StreamName=name)["Shards"][0]["ShardId"]
    start = kinesis.get_shard_iterator(StreamName=name, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    iterator, records = start["ShardIterator"], []
    while True:
        answer = kinesis.get_records(ShardIterator=iterator, Limit=1000)
        if not answer["Records"]:
            break
        records += [[record["PartitionKey"], record["Data"].decode()] for record in answer["Records"]]
        iterator = answer["NextShardIterator"]
    print(json.dumps(records))
