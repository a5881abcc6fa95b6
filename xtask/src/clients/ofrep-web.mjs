// A web page: it shows a flag, and shows it again when its provider says that something changed. It never polls.
//
//   node ofrep-web.mjs URL [KEY]
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { OpenFeature, ProviderEvents } from '@openfeature/web-sdk';
import { EventSource } from 'eventsource';

globalThis.EventSource = EventSource;

const [baseUrl, key] = process.argv.slice(2);
const headers = key ? [['Authorization', `Bearer ${key}`]] : [];
const provider = new OFREPWebProvider({ baseUrl, headers, pollInterval: 0, changeDetection: 'sse', cacheMode: 'disabled' });
const client = OpenFeature.getClient();
const show = (event) => console.log(`${event} ${client.getStringValue('banner', 'nothing')}`);

await OpenFeature.setProviderAndWait(provider, { targetingKey: 'user-1' });
show('begins with');
client.addHandler(ProviderEvents.ConfigurationChanged, () => show('changes to'));
