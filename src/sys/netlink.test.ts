import assert from 'node:assert/strict';
import fs from 'node:fs';
import { suite, test } from 'node:test';
import { createNetworkNamespace, inNetworkNamespace } from '#sys/namespaces.ts';
import { netlinkProtocols, openNetlink, requestInBackground } from '#sys/netlink.ts';
import { deleteLink, findLink, listLinks, newBridge, setAlias, setUp } from '#sys/netlink-link.ts';
import {
  attribute,
  decodeAttributes,
  decodeMessages,
  encodeMessage,
  nested,
  textAttribute,
  textOf,
  uint32Attribute,
  uint32Of,
} from '#sys/netlink-message.ts';
import {
  deleteDefaultRoute,
  listAddresses,
  listRoutes,
  newAddress,
  newDefaultRoute,
} from '#sys/netlink-route.ts';

const isLinkLocal = (address: Uint8Array) => address[0] === 0xfe;
const ownNamespace = () => fs.readlinkSync('/proc/thread-self/ns/net');

suite('messages', () => {
  test('attributes survive encoding, with their padding', () => {
    const bytes = Buffer.concat([
      textAttribute(3, 'eth0'),
      uint32Attribute(4, 0xffffffff),
      nested(18, textAttribute(1, 'veth')),
    ]);
    const attributes = decodeAttributes(bytes);
    assert.equal(textOf(attributes.get(3)), 'eth0');
    assert.equal(uint32Of(attributes.get(4)), 0xffffffff);
    assert.equal(textOf(decodeAttributes(attributes.get(18) ?? Buffer.alloc(0)).get(1)), 'veth');
  });

  test('a payload that the length field cannot say is refused', () => {
    assert.throws(() => attribute(1, Buffer.alloc(0xffff)), RangeError);
  });

  test('cut or lying lengths never read past the end', () => {
    const whole = Buffer.concat([
      encodeMessage({ type: 16, flags: 0, body: textAttribute(3, 'eth0') }, 1),
      encodeMessage({ type: 17, flags: 0, body: Buffer.alloc(3) }, 2),
    ]);
    for (let length = 0; length <= whole.length; length++) {
      for (const message of decodeMessages(whole.subarray(0, length))) {
        assert.ok(message.body.byteOffset + message.body.length <= whole.byteOffset + length);
      }
    }
    const lying = Buffer.from(whole);
    for (const wrong of [0, 1, 15, 0xffffffff]) {
      lying.writeUInt32LE(wrong, 0);
      assert.deepEqual([...decodeMessages(lying)], []);
      assert.equal(decodeAttributes(lying).size <= lying.length / 4, true);
    }
  });
});

suite('network namespaces', () => {
  test('what is opened inside stays inside, and the thread comes back', () => {
    const home = ownNamespace();
    const { fd, result: socket } = createNetworkNamespace(() => {
      assert.notEqual(ownNamespace(), home);
      return openNetlink(netlinkProtocols.route);
    });
    assert.equal(ownNamespace(), home);
    assert.deepEqual(
      listLinks(socket).map((link) => link.name),
      ['lo'],
    );
    const inside = inNetworkNamespace(fd, ownNamespace);
    assert.equal(inside, fs.readlinkSync(`/proc/self/fd/${fd}`));
    socket.close();
    fs.closeSync(fd);
  });

  test('the thread comes back, and nothing stays open, when the work inside fails', () => {
    const home = ownNamespace();
    const descriptors = fs.readdirSync('/proc/self/fd').length;
    assert.throws(
      () =>
        createNetworkNamespace(() => {
          throw new Error('inside');
        }),
      /inside/,
    );
    assert.equal(ownNamespace(), home);
    assert.equal(fs.readdirSync('/proc/self/fd').length, descriptors);
  });
});

suite('links, addresses and routes', () => {
  const { fd, result: socket } = createNetworkNamespace(() => openNetlink(netlinkProtocols.route));

  test('a bridge, its address and the route that follows from it', () => {
    socket.request([newBridge({ name: 'b0', macAddress: '02:00:00:00:00:09', mtu: 1400, group: 7 })], 'b0');
    const bridge = findLink(socket, 'b0');
    assert.deepEqual(
      { ...bridge, index: 0 },
      { index: 0, name: 'b0', up: true, kind: 'bridge', alias: '', master: undefined, mtu: 1400, group: 7 },
    );
    const interfaceIndex = bridge?.index ?? 0;
    const address = Buffer.of(10, 1, 0, 1);
    const address6 = Buffer.from('fd000000000000000000000000000001', 'hex');
    const addresses = [
      { address, prefixLength: 24, interfaceIndex },
      { address: address6, prefixLength: 64, interfaceIndex },
    ];
    socket.request(addresses.map(newAddress), 'addresses');
    assert.deepEqual(
      listAddresses(socket).filter((each) => !isLinkLocal(each.address)),
      addresses,
    );
    assert.deepEqual(listRoutes(socket, 4), [
      { address: Buffer.of(10, 1, 0, 0), prefixLength: 24, interfaceIndex },
    ]);
    assert.deepEqual(
      listRoutes(socket, 6).filter((each) => !isLinkLocal(each.address)),
      [{ address: Buffer.from(`fd${'00'.repeat(15)}`, 'hex'), prefixLength: 64, interfaceIndex }],
    );
  });

  test('default routes of both families come and go', () => {
    const interfaceIndex = findLink(socket, 'b0')?.index ?? 0;
    const gateways = { 4: Buffer.of(10, 1, 0, 9), 6: Buffer.from(`fd${'00'.repeat(14)}09`, 'hex') };
    const countDefaults = () =>
      ([4, 6] as const).map(
        (family) => listRoutes(socket, family).filter((each) => each.prefixLength === 0).length,
      );
    for (const family of [4, 6] as const) {
      socket.request([newDefaultRoute(family, gateways[family], interfaceIndex)], 'default route');
    }
    assert.deepEqual(countDefaults(), [1, 1]);
    for (const family of [4, 6] as const) {
      socket.request([deleteDefaultRoute(family, interfaceIndex)], 'default route');
    }
    assert.deepEqual(countDefaults(), [0, 0]);
  });

  test('an alias is kept', () => {
    socket.request([setAlias(findLink(socket, 'b0')?.index ?? 0, 'whose it is')], 'alias');
    assert.equal(findLink(socket, 'b0')?.alias, 'whose it is');
  });

  test('a refusal carries the errno, the subject and the words of the kernel', () => {
    const again = newBridge({ name: 'b0', macAddress: '02:00:00:00:00:09', mtu: 1400, group: 7 });
    assert.throws(() => socket.request([again], 'create b0'), { code: 'EEXIST', message: /create b0/ });
    const tooSmall = newBridge({ name: 'b1', macAddress: '02:00:00:00:00:09', mtu: 1, group: 7 });
    assert.throws(() => socket.request([tooSmall], 'create b1'), {
      message: /\(mtu less than device minimum\)/,
    });
  });

  test('of several requests the others are done; the first failure is reported', () => {
    const requests = [setUp(1), deleteLink('nothing'), deleteLink('b0')];
    assert.throws(() => socket.request(requests, 'three'), { code: 'ENODEV' });
    assert.equal(findLink(socket, 'b0'), undefined);
    assert.equal(findLink(socket, 'lo')?.up, true);
  });

  test('requests in the background reach the namespace in which they were made', async () => {
    const bridge = newBridge({ name: 'b2', macAddress: '02:00:00:00:00:09', mtu: 1400, group: 7 });
    await inNetworkNamespace(fd, () => requestInBackground(netlinkProtocols.route, [bridge], 'b2'));
    assert.ok(findLink(socket, 'b2'));
    await assert.rejects(
      inNetworkNamespace(fd, () => requestInBackground(netlinkProtocols.route, [bridge], 'b2')),
      { code: 'EEXIST' },
    );
    socket.close();
    fs.closeSync(fd);
  });
});
