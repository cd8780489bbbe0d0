# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules of a driver domain, loaded into a kernel: network namespaces stand for the domains, veth pairs for their vifs. On Xen
the same is looked at by tests/xen/checks_network.py."""
import json
import subprocess
import types

import pytest

ALPHA = types.SimpleNamespace(vif='vif1.0', v4='10.137.0.2', v6='fd09:24ef:4179::a89:2', gateway='10.138.0.2', mac='00:16:3e:5e:00:00', slot=0)
BETA = types.SimpleNamespace(vif='vif2.0', v4='10.137.0.3', v6='fd09:24ef:4179::a89:3', gateway='10.138.0.3', mac='00:16:3e:5e:00:01', slot=1)
GATEWAY6, GATEWAY_MAC = 'fe80::fcff:ffff:feff:ffff', 'fe:ff:ff:ff:ff:ff'
OUTSIDE = types.SimpleNamespace(v4='192.0.2.1', v6='2001:db8::1', other='192.0.2.9')
NOBODY = types.SimpleNamespace(v4='10.137.200.7', v6='fd09:24ef:4179::a89:c8c8')
ANYWHERE = 'anywhere\n'


class Place:
    """A network namespace; `within` another's user namespace."""

    def __init__(self, programs, within=None):
        enter = within.enter if within else []
        self.holder = programs.start([*enter, 'unshare', '--net', *([] if within else ['--user', '--map-root-user']),
                                      'sh', '-c', 'echo; exec cat'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.holder.stdout.readline()
        self.enter = ['nsenter', '--target', str(self.holder.pid), '--user', '--net', '--preserve-credentials']
        self.run('ip', 'link', 'set', 'lo', 'up')

    def run(self, *argv, check=True, **more):
        done = subprocess.run([*self.enter, *map(str, argv)], text=True, capture_output=True, timeout=60, check=False, **more)
        assert not check or done.returncode == 0, f'{argv}: {done.stdout}{done.stderr}'
        return done

    def ip(self, *lines):
        self.run('ip', '-batch', '-', input='\n'.join(lines) + '\n')

    def nft(self, rules):
        self.run('nft', '-f', '-', input=rules)

    def answers(self, address, *options):
        done = self.run('ping', '-n', '-c', 1, '-W', 1, *options, address, check=False)
        assert done.returncode in (0, 1), done.stderr
        return done.returncode == 0

    def count(self, hook, priority, *senders):
        """Counts packets of these senders there; counted() has the numbers, in the order of the senders."""
        rules = ''.join(f'{"ip6" if ":" in s else "ip"} saddr {s} counter\n' for s in senders)
        name = f'watch{abs(priority)}'
        self.nft(f'table inet {name} {{ chain c {{ type filter hook {hook} priority {priority}; policy accept;\n{rules}}}\n}}')
        return name

    def counted(self, name):
        found = json.loads(self.run('nft', '-j', 'list', 'table', 'inet', name).stdout)['nftables']
        return [e['counter']['packets'] for rule in found if 'rule' in rule for e in rule['rule']['expr'] if 'counter' in e]


@pytest.fixture
def world(build, programs):
    w = types.SimpleNamespace(router=Place(programs))
    w.print = lambda *words: subprocess.run([build / 'network/print-rules', *words], text=True, capture_output=True, check=True).stdout
    for name in ('alpha', 'beta', 'outside'):
        setattr(w, name, Place(programs, w.router))
    w.router.nft(w.print('common'))
    for path in ('ipv4/ip_forward', 'ipv6/conf/all/forwarding'):
        w.router.run('sh', '-c', f'echo 1 > /proc/sys/net/{path}')
    w.router.ip(f'link add eth0 type veth peer name eth0 netns {w.outside.holder.pid}', 'link set eth0 up', 'address add 192.0.2.2/24 dev eth0',
                'address add 2001:db8::2/64 dev eth0 nodad')
    w.outside.ip('link set eth0 up', *(f'address add {a} dev eth0 nodad' for a in ('192.0.2.1/24', '192.0.2.9/24', '2001:db8::1/64')),
                 'route add 10.137.0.0/16 via 192.0.2.2', 'route add fd09:24ef:4179::/48 via 2001:db8::2')

    def join(place, who, allow):
        plan = f'bulkhead-network 1\n{who.slot} {allow}'
        w.router.ip(f'link add {who.vif} address {GATEWAY_MAC} type veth peer name eth0 address {who.mac} netns {place.holder.pid}')
        place.ip('link set eth0 up', f'address add {who.v4}/32 dev eth0', f'address add {who.v6}/128 dev eth0 nodad',
                 f'route add {who.gateway}/32 dev eth0', f'route add default via {who.gateway} dev eth0 onlink',
                 f'route add {GATEWAY6}/128 dev eth0', f'route add default via {GATEWAY6} dev eth0',
                 # Neighbours are not looked for: what is tested is not whether they are found.
                 f'neighbor replace {who.gateway} lladdr {GATEWAY_MAC} dev eth0', f'neighbor replace {GATEWAY6} lladdr {GATEWAY_MAC} dev eth0')
        w.router.nft(w.print('rules', who.vif, plan))
        w.router.ip(*w.print('commands', who.vif, plan).splitlines())

    w.join = join
    join(w.alpha, ALPHA, ANYWHERE)
    return w


@pytest.mark.long
def test_bug_class_N1_nothing_goes_between_domains(world):
    world.join(world.beta, BETA, ANYWHERE)
    arrived = world.beta.count('prerouting', -350, ALPHA.v4, ALPHA.v6)
    for family in ('v4', 'v6'):
        there, here = getattr(BETA, family), getattr(ALPHA, family)
        assert world.alpha.answers(getattr(OUTSIDE, family)) and world.router.answers(there) and world.router.answers(here)
        assert not world.alpha.answers(there) and not world.beta.answers(here)
        assert not world.outside.answers(there)
    assert world.beta.counted(arrived) == [0, 0]
    # It is that rule and nothing else that keeps them apart.
    world.router.nft('insert rule inet bulkhead forward iifname "vif*" oifname "vif*" accept')
    assert world.alpha.answers(BETA.v4) and world.alpha.answers(BETA.v6)
    assert all(n > 0 for n in world.beta.counted(arrived))


def test_an_interface_without_rules_of_its_own_is_closed(world):
    world.router.ip(f'link add vif9.0 type veth peer name eth0 netns {world.beta.holder.pid}', 'link set vif9.0 up',
                    'address add 10.138.0.3/32 dev vif9.0', 'route add 10.137.0.3/32 dev vif9.0')
    world.beta.ip('link set eth0 up', 'address add 10.137.0.3/32 dev eth0', 'route add 10.138.0.3/32 dev eth0', 'route add default via 10.138.0.3 dev eth0 onlink')
    assert not world.beta.answers(OUTSIDE.v4) and not world.beta.answers('10.138.0.3')
    world.router.nft('add element inet bulkhead known { "vif9.0" }')
    assert world.beta.answers(OUTSIDE.v4)


@pytest.mark.long
def test_bug_class_N2_a_false_sender_gets_through_from_neither_side(world):
    false4, false6 = NOBODY.v4, NOBODY.v6
    before = world.router.count('prerouting', -350, false4, false6, ALPHA.v4, ALPHA.v6)
    sent = world.alpha.count('postrouting', 350, false4, false6)
    world.alpha.ip(f'address add {false4}/32 dev eth0', f'address add {false6}/128 dev eth0 nodad')
    # The domain's side: nothing with another sender passes the interface.
    for false, true, there in ((false4, ALPHA.v4, OUTSIDE.v4), (false6, ALPHA.v6, OUTSIDE.v6)):
        assert not world.alpha.answers(there, '-I', false)
        assert world.alpha.answers(there, '-I', true)
    assert all(n > 0 for n in world.alpha.counted(sent))
    counts = world.router.counted(before)
    assert counts[:2] == [0, 0] and all(n > 0 for n in counts[2:])
    world.alpha.ip(f'link set eth0 address {BETA.mac}')
    assert not world.alpha.answers(OUTSIDE.v4, '-I', ALPHA.v4)
    # The other side: a domain's address as sender comes in, and gets nowhere.
    behind = world.router.count('prerouting', -250, false4, false6)
    world.outside.ip(f'address add {false4}/32 dev eth0', f'address add {false6}/128 dev eth0 nodad')
    for false, there in ((false4, '192.0.2.2'), (false4, ALPHA.v4), (false6, '2001:db8::2'), (false6, ALPHA.v6)):
        assert not world.outside.answers(there, '-I', false)
    assert all(n > 0 for n in world.router.counted(before)[:2]) and world.router.counted(behind) == [0, 0]


def test_what_a_domain_says_of_its_neighbours_is_not_believed(world):
    world.join(world.beta, BETA, ANYWHERE)
    world.alpha.ip(f'address add {BETA.v4}/32 dev eth0')
    world.alpha.run('arping', '-c', 1, '-U', '-I', 'eth0', '-s', BETA.v4, BETA.v4, check=False)
    assert BETA.mac in world.router.run('ip', 'neighbor', 'show', BETA.v4, 'dev', BETA.vif).stdout
    assert not world.router.run('ip', 'neighbor', 'show', BETA.v4, 'dev', ALPHA.vif).stdout
    assert world.router.answers(BETA.v4)


def test_only_the_places_of_the_definition(world):
    world.join(world.beta, BETA, f'places\n{OUTSIDE.v4}/32 0\n')
    assert world.beta.answers(OUTSIDE.v4)
    assert not world.beta.answers(OUTSIDE.other) and not world.beta.answers(OUTSIDE.v6)
    assert world.alpha.answers(OUTSIDE.other) and world.alpha.answers(OUTSIDE.v6)


def test_one_that_goes_leaves_nothing_and_may_come_again(world):
    plan = f'bulkhead-network 1\n{ALPHA.slot} {ANYWHERE}'
    for _ in range(2):
        world.router.nft(world.print('gone', ALPHA.vif, plan))
        assert ALPHA.vif not in world.router.run('nft', 'list', 'ruleset').stdout
        assert not world.alpha.answers(OUTSIDE.v4)
    world.router.nft(world.print('rules', ALPHA.vif, plan))
    world.router.nft(world.print('common'))  # anew: who is known stays so
    assert world.alpha.answers(OUTSIDE.v4)
