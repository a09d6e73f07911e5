// Click's standard IP router with two ports, IPv4 and IPv6. It has its own routes
// and finds its neighbours itself: the host's kernel sees none of its packets.
// docs/router.md tells what each part does and what is left out.

// To be set: the router's addresses on each side, that link's prefixes, and the MAC
// address of that port.
define($IP1 10.77.1.1, $IP1_6 fd77:1::1, $NET1 10.77.1.0/24, $NET1_6 fd77:1::/64, $MAC1 02:00:00:00:77:11, $MTU1 1500,
       $IP2 10.77.2.1, $IP2_6 fd77:2::1, $NET2 10.77.2.0/24, $NET2_6 fd77:2::/64, $MAC2 02:00:00:00:77:12, $MTU2 1500);

// Routes: output 0 is the router itself, 1 and 2 are the ports, 3 says that there
// is no way, 4 is silent: what is for many, and what may not leave its link.
elementclass Routes {
	input -> rt :: LookupIPRoute(
		$IP1/32 0, $IP2/32 0, $IP1_6/128 0, $IP2_6/128 0,
		$NET1 1, $NET1_6 1,
		$NET2 2, $NET2_6 2,
		0/0 3, ::/0 3,
		10.77.1.0/32 4, 10.77.1.255/32 4, 10.77.2.0/32 4, 10.77.2.255/32 4,
		127/8 4, 169.254/16 4, 224/3 4, ::/128 4, ::1/128 4, fe80::/10 4, ff00::/8 4);
	rt[0] -> [0] output; rt[1] -> [1] output; rt[2] -> [2] output; rt[3] -> [3] output; rt[4] -> [4] output;
}

// What comes in by a port: IP packets for the router's MAC address go on, with the
// cursor at their header; who asks for the router's addresses is answered, and
// whoever tells its MAC address is believed, if it is of this link.
elementclass FromNet { $port, $ip, $ip6, $net, $net6, $mac |
	FromDevice($port) -> HostEtherFilter($mac)
		-> kind :: Classifier(0/00%01 12/0800, 0/00%01 12/86dd, 12/86dd, 12/0806, -);
	kind[0] -> Strip(14) -> CheckIPHeader -> output;
	kind[1] -> Strip(14) -> CheckIP6Header -> ndp :: IPClassifier(icmp6 type 135 or icmp6 type 136, -);
	ndp[1] -> output;
	ndp[0] -> told6 :: CheckICMPHeader -> WriteNeighbour($net6) -> NDPResponder($ip6, $mac) -> answer :: ToDevice($port);
	kind[2] -> Strip(14) -> CheckIP6Header -> told6;
	kind[3] -> WriteNeighbour($net) -> ARPResponder($ip, $mac) -> answer;
	kind[4] -> Discard;
}

// An ICMP error about the packet, of either IP version.
elementclass Error { $type, $code, $type6, $code6, $mtu |
	input -> version :: Classifier(0/40%f0, -);
	version[0] -> ICMPError($IP1, $type, $code, MTU $mtu) -> output;
	version[1] -> ICMP6Error($IP1_6, $type6, $code6, MTU $mtu) -> output;
}

// What leaves by a port. Input 0: packets that are passed on; errors about them
// leave by output 0. Input 1: what the router itself has made.
elementclass ToNet { $port, $ip, $ip6, $mac, $mtu |
	input[0] -> from :: Classifier(0/40%f0 12/7f, 0/40%f0 12/e0%e0, 0/60%f0 8/fe80%ffc0, 0/40%f0, -);
	from[0] -> martian :: Discard; // from loopback or multicast addresses,
	from[1] -> martian;
	from[2] -> martian;            // and what may not leave its link
	from[3] -> IPGWOptions($ip) -> ttl :: DecIPTTL -> mtu :: CheckMTU($mtu);
	from[4] -> hops :: DecIP6HLIM -> mtu;
	mtu -> neighbour :: ReadNeighbour($mac) -> to :: ToDevice($port);
	neighbour[1] -> ask :: AskNeighbour($ip, $mac) -> AskNeighbour($ip6, $mac) -> to;
	ttl[1] -> expired :: Error(timeexceeded, transit, timeexceeded, transit, 1500);
	hops[1] -> expired -> output;
	// also what might be fragmented: a host that hears of it fragments it itself
	mtu[1] -> too_big :: Error(unreachable, needfrag, toobig, 0, $mtu) -> output;
	mtu[2] -> too_big;

	input[1] -> IPGWOptions($ip) -> FixIPSrc($ip) -> FixIPSrc($ip6) -> made :: ReadNeighbour($mac) -> to;
	made[1] -> ask;
}

rt :: Routes;
own :: Routes; // for what the router itself has made
to1 :: ToNet(p1, $IP1, $IP1_6, $MAC1, $MTU1);
to2 :: ToNet(p2, $IP2, $IP2_6, $MAC2, $MTU2);

FromNet(p1, $IP1, $IP1_6, $NET1, $NET1_6, $MAC1) -> rt;
FromNet(p2, $IP2, $IP2_6, $NET2, $NET2_6, $MAC2) -> rt;
errors :: RatedSplitter(1000) -> own; // a second; more are dropped
rt[1] -> to1 -> errors;
rt[2] -> to2 -> errors;
rt[3] -> Error(unreachable, net, unreachable, noroute, 1500) -> errors;
rt[4] -> Discard;

// For the router itself: it answers pings, and has no ports.
rt[0] -> mine :: IPClassifier(icmp or icmp6, tcpudp, ip, -);
mine[0] -> CheckICMPHeader -> ICMPPingResponder -> own;
mine[1] -> Error(unreachable, port, unreachable, port, 1500) -> errors;
mine[2] -> ICMPError($IP1, unreachable, protocol) -> errors;
mine[3] -> Discard;

own[1] -> [1] to1;
own[2] -> [1] to2;
own[0] -> nowhere :: Discard;
own[3] -> nowhere;
own[4] -> nowhere;
