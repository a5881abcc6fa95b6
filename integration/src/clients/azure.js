// Azure's own client: put URL ACCOUNT KEY CONTAINER BLOB (content from the input), dump URL ACCOUNT KEY CONTAINER (all blobs, as JSON).
const { BlobServiceClient, StorageSharedKeyCredential } = require("@azure/storage-blob");
const [command, url, account, key, name, blob] = process.argv.slice(1);
const service = new BlobServiceClient(url, new StorageSharedKeyCredential(account, key));
const container = service.getContainerClient(name);

(async () => {
  if (command === "put") {
    await container.createIfNotExists();
    const content = require("fs").readFileSync(0);
    await container.getBlockBlobClient(blob).upload(content, content.length);
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
