// Azure's own client: make|put|dump URL ACCOUNT KEY CONTAINER [BLOB]; put takes its content from the input, dump prints all blobs as JSON.
const { BlobServiceClient, StorageSharedKeyCredential } = require("@azure/storage-blob");
const [command, url, account, key, name, blob] = process.argv.slice(1);
const service = new BlobServiceClient(url, new StorageSharedKeyCredential(account, key));
const container = service.getContainerClient(name);

(async () => {
  if (command !== "dump") {
    await container.createIfNotExists();
  }
  if (command === "put") {
    const content = require("fs").readFileSync(0);
    await container.getBlockBlobClient(blob).upload(content, content.length);
  }
  if (command !== "dump") {
    return;
  }
  const found = {};
  for await (const { name } of container.listBlobsFlat()) {
    found[name] = (await container.getBlobClient(name).downloadToBuffer()).toString("hex");
  }
  console.log(JSON.stringify(found));
})().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
