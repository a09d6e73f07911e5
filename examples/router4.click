// A router with four ports, IPv4 and IPv6, whose routes, addresses and neighbours
// are the kernel's: set them up as ever (ip, FRR, BIRD). What is plain forwarding
// is done here; all else goes to the kernel as it came, which asks for neighbours,
// answers pings, fragments, and says when a packet's time is up.
// docs/router.md tells more.

// To be set: the MAC address of each port.
define($MAC1 02:00:00:00:77:11, $MAC2 02:00:00:00:77:12, $MAC3 02:00:00:00:77:13, $MAC4 02:00:00:00:77:14);

elementclass FromNet { $port, $mac |
	FromDevice($port) -> HostEtherFilter($mac)
		-> kind :: Classifier(0/00%01 12/0800, 0/00%01 12/86dd, -);
	kind[0] -> Strip(14) -> CheckIPHeader -> plain4 :: Classifier(0/45 !8/00 !8/01 !12/7f !12/e0%e0, -) -> output;
	kind[1] -> Strip(14) -> CheckIP6Header -> plain6 :: Classifier(!6/00 !7/00 !7/01 !8/fe80%ffc0, -) -> output;
	plain4[1] -> [1] output; // options, its time is up, or from loopback or multicast addresses
	plain6[1] -> [1] output; // likewise, or from a link-local address
	kind[2] -> [1] output;
}

elementclass ToNet { $port |
	input -> version :: Classifier(0/40%f0, -);
	version[0] -> DecIPTTL -> to :: ToDevice($port);
	version[1] -> DecIP6HLIM -> to;
}

fib :: LookupFIB(p1, p2, p3, p4);
host :: ToHost;

FromNet(p1, $MAC1) => fib, host;
FromNet(p2, $MAC2) => fib, host;
FromNet(p3, $MAC3) => fib, host;
FromNet(p4, $MAC4) => fib, host;
fib[0] -> host;
fib[1] -> ToNet(p1);
fib[2] -> ToNet(p2);
fib[3] -> ToNet(p3);
fib[4] -> ToNet(p4);
