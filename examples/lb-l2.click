// A load balancer, direct return: it exchanges the frame's Ethernet addresses and nothing
// else. The servers, on the segment behind p2, have the services' addresses on a loopback
// device, and answer the clients themselves. docs/load-balancer.md has the whole story.

// To be set: the services' addresses and the MAC address that they have towards clients.
define($VIP 10.77.0.100/32, $VIP6 fd77::100/128, $MAC 02:00:00:00:77:99);

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
service [0] -> assigned :: ReadAS;      // has its flow got a server?
assigned [0] -> known :: ReadServer;
assigned [1] -> choose :: SelectServer  // no: choose one,
	-> WriteAS                      // for the rest of the flow, too
	-> chosen :: ReadServer;
known [1] -> choose;                    // its server is gone
service [1] -> to_servers;

known, chosen -> to_servers;

/* what comes back */
FromDevice(p2) -> to_clients;
