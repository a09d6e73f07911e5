// A load balancer whose servers may be anywhere: what is for a service goes to its server in
// an IPv4 tunnel, IPv6 as well. The servers end the tunnels (Linux: ipip and sit devices), have
// the services' addresses on a loopback device, and answer the clients themselves.
// docs/load-balancer.md has the whole story.

// To be set: the services' addresses and the MAC address that they have towards clients;
// where the tunnels begin; the MTU towards the servers, and what that leaves for a packet.
define($VIP 10.77.0.100/32, $VIP6 fd77::100/128, $MAC 02:00:00:00:77:99,
       $TUNNEL 10.77.0.99, $TUNNEL6 fd77::99, $MTU 1500, $INNER_MTU 1480);

to_clients :: ToDevice(p1);
to_servers :: ToDevice(p2);

FromDevice(p1) -> c :: Classifier(12/0800, 12/86dd, 12/0806, -);
c [0] -> Strip(14) -> CheckIPHeader -> flow :: ICMPErrorFlow; // an error belongs to the flow it is about
c [1] -> Strip(14) -> CheckIP6Header -> n :: IPClassifier(icmp6 type 135, -);
n [0] -> CheckICMPHeader -> nd :: NDPResponder($VIP6, $MAC) -> to_clients;
n [1] -> flow;
nd [1] -> to_servers;
c [2] -> arp :: ARPResponder($VIP, $MAC) -> to_clients;
arp [1] -> to_servers;
c [3] -> to_servers;

flow -> service :: ReadService;         // is it for a virtual service?
service [0] -> fits :: CheckMTU($INNER_MTU);
fits [0] -> assigned :: ReadAS;         // has its flow got a server?
assigned [0] -> known :: ReadServer;
assigned [1] -> choose :: SelectServer  // no: choose one,
	-> WriteAS                      // for the rest of the flow, too
	-> chosen :: ReadServer;
known [1] -> choose;                    // its server is gone
service [1] -> to_servers;

known, chosen -> IPIPEncap($TUNNEL, MTU $MTU) -> to_servers;

/* too long for the tunnel: its sender learns what is not (RFC 1191, RFC 8201) */
fits [1] -> long :: IPClassifier(ip vers 4, -);
fits [2] -> long;
long [0] -> ICMPError($TUNNEL, unreachable, needfrag, MTU $INNER_MTU) -> mirror :: EtherMirror -> to_clients;
long [1] -> ICMP6Error($TUNNEL6, toobig, MTU $INNER_MTU) -> mirror;

/* what comes back */
FromDevice(p2) -> to_clients;
