// A carrier made with node-smpp, so that our client does not only talk to our own idea of SMPP.
// Prints one JSON line with its port, then one for each submit, unbind and acknowledged receipt.
const smpp = require('smpp');

let last = 0xab00;

const tell = (line) => process.stdout.write(JSON.stringify(line) + '\n');
const textOf = (message) => (message && message.message !== undefined ? message.message : message);

function receipt(session, submit, id) {
  // This carrier answers in hex and tells receipts in decimal, by text and parameters.
  const decimal = parseInt(id, 16).toString();
  const text = `id:${decimal} sub:001 dlvrd:001 submit date:2611210930 done date:2611210931 stat:DELIVRD err:000 text:`;
  session.deliver_sm({
    source_addr_ton: 1, source_addr_npi: 1, source_addr: submit.destination_addr,
    destination_addr: submit.source_addr, esm_class: 4, short_message: Buffer.from(text, 'latin1'),
    receipted_message_id: decimal, message_state: 2,
  }, (answer) => tell({ acked: decimal, status: answer.command_status }));
}

const server = smpp.createServer((session) => {
  session.on('error', () => {});
  const bind = (pdu) => {
    const refused = pdu.password !== 'secret';
    session.send(pdu.response({ system_id: 'node', command_status: refused ? smpp.ESME_RINVPASWD : 0 }));
  };
  session.on('bind_transceiver', bind);
  session.on('bind_transmitter', bind);
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => {
    tell({ unbound: true });
    session.send(pdu.response());
    session.close();
  });
  session.on('submit_sm', (pdu) => {
    if (pdu.destination_addr === '15005550003') {
      session.send(pdu.response({ command_status: smpp.ESME_RINVDSTADR }));
      return;
    }
    last += 1;
    const id = last.toString(16).toUpperCase();
    const message = pdu.message_payload || pdu.short_message;
    const udh = message && message.udh ? message.udh.map((element) => element.toString('hex')) : [];
    tell({
      id, from: pdu.source_addr, ton: pdu.source_addr_ton, to: pdu.destination_addr, text: textOf(message), udh,
      esm_class: pdu.esm_class, data_coding: pdu.data_coding, sar: pdu.sar_segment_seqnum || 0,
      registered_delivery: pdu.registered_delivery, validity: pdu.validity_period,
    });
    session.send(pdu.response({ message_id: id }));
    setTimeout(() => receipt(session, pdu, id), 20);
  });
  if (process.argv[2] === 'enquire') {
    setInterval(() => session.enquire_link({}, () => tell({ enquired: true })), 50).unref();
  }
});
server.listen(0, '127.0.0.1', () => tell({ port: server.address().port }));
