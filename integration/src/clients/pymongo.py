"""MongoDB by its own client: replaces the documents of DATABASE COLLECTION by those of the input, one for each member of an object."""
import json, sys
import pymongo

uri, database, collection = sys.argv[1:]
flags = pymongo.MongoClient(uri, serverSelectionTimeoutMS=10000)[database][collection]
for key, flag in json.load(sys.stdin).items():
    flags.replace_one({"flag": key}, {"flag": key, **flag}, upsert=True)
