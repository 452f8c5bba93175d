// A customer made with node-smpp, for our simulated carrier: binds, submits, prints what comes back as JSON lines.
const smpp = require('smpp');

const tell = (line) => process.stdout.write(JSON.stringify(line) + '\n');
const session = smpp.connect({ url: `smpp://127.0.0.1:${process.argv[2]}` }, () => {
  session.bind_transceiver({ system_id: 'node', password: 'secret' }, (answer) => {
    tell({ bound: answer.command_status });
    const to = { source_addr_ton: 5, source_addr: 'Node', dest_addr_ton: 1, dest_addr_npi: 1, registered_delivery: 1 };
    const submit = (fields) => session.submit_sm({ ...to, ...fields }, (pdu) => {
      tell({ accepted: pdu.message_id || null, status: pdu.command_status });
    });
    // Left alone, node-smpp labels GSM-7 as data coding 1, which the standard calls ASCII.
    submit({ destination_addr: '15005550001', data_coding: 0, short_message: 'Hello @ €' });
    submit({ destination_addr: '15005551111', message_payload: 'Привет '.repeat(40) });
    for (const number of [1, 2]) {
      const udh = Buffer.from([5, 0, 3, 9, 2, number]);
      submit({ destination_addr: '15005552222', short_message: { udh, message: `part ${number};` } });
    }
    submit({ destination_addr: '15005550003', short_message: 'refused' });
    session.enquire_link({}, () => tell({ enquired: true }));
  });
});
session.on('deliver_sm', (pdu) => {
  const message = pdu.short_message.message !== undefined ? pdu.short_message.message : pdu.short_message;
  tell({ receipt: String(message), id: pdu.receipted_message_id, state: pdu.message_state, esm_class: pdu.esm_class });
  session.send(pdu.response());
});
session.on('error', (error) => tell({ error: String(error) }));
process.stdin.on('data', () => session.unbind(() => { tell({ unbound: true }); session.close(); process.exit(0); }));
