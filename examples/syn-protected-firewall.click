// stateful-firewall.click with its listed services behind SYN authentication, for the time
// of a flood: upgrade to it, and back. Who begins something from p2 has to show first that
// its address is no forgery. docs/decisions/0009-syn-authentication.md has how.
//
// A firewall for the hosts behind p1: they may begin whatever they like; from p2 only
// the services below are reached. Connections are tracked as Linux' conntrack does.
// p1 and p2 are one Ethernet segment, or a trunk: frames with a VLAN tag, or two, are
// filtered by what is behind the tags, each VLAN by itself. docs/firewall.md has the whole of it.

// To be set: who may begin what, from inside and from outside.
define($FROM_INSIDE 'allow all',
       $FROM_OUTSIDE_1 'allow tcp dst port 22 or 80 or 443',
       $FROM_OUTSIDE_2 'allow icmp echo or icmp6 echo');

// From a frame to a packet whose headers are right and whose flow is known. Outputs: a
// packet, a later fragment of one that has passed, what is not IP.
elementclass Check {
	input -> kind :: Classifier(12/0800, 12/86dd, 12/8100 16/0800, 12/8100 16/86dd,
		12/88a8 16/8100 20/0800, 12/88a8 16/8100 20/86dd, -);
	kind [0] -> Strip(14) -> ip :: CheckIPHeader;
	kind [2] -> Strip(18) -> ip;
	kind [4] -> Strip(22) -> ip;
	kind [1] -> Strip(14) -> ip6 :: CheckIP6Header;
	kind [3] -> Strip(18) -> ip6;
	kind [5] -> Strip(22) -> ip6;
	kind [6] -> [2] output;
	ip -> fragment :: ReadFrag(ZONE vlan);
	ip6 -> fragment;
	fragment [1] -> [1] output;
	fragment -> transport :: IPClassifier(tcp and ip unfrag, udp, icmp or icmp6, -);
	transport [0] -> CheckTCPHeader -> [0] output;
	transport [1] -> CheckUDPHeader -> [0] output;
	transport [2] -> CheckICMPHeader -> ICMPErrorFlow -> [0] output;
	transport [3] -> [0] output;
}

// One direction. Outputs: what passes, what a rule must decide on first, ARP. What is
// neither IP nor ARP is dropped. Output 3: what is invalid.
elementclass Track {
	input -> check :: Check -> conn :: ReadConn(ZONE vlan);
	check [1] -> [0] output;                // a later fragment
	check [2] -> arp :: Classifier(12/0806, 12/8100 16/0806, 12/88a8 16/8100 20/0806);
	arp [0] -> [2] output;
	arp [1] -> [2] output;
	arp [2] -> [2] output;
	conn [0] -> [0] output;                 // established
	conn [1] -> [1] output;                 // new
	conn [2] -> [0] output;                 // an ICMP error about a connection
	conn [4] -> [0] output;                 // neighbour discovery
	conn [3] -> [3] output;                 // invalid: perhaps the answer to a challenge
}

to_inside :: ToDevice(p1);
to_outside :: ToDevice(p2);
pass_in :: WriteFrag(ZONE vlan) -> to_inside;
pass_out :: WriteFrag(ZONE vlan) -> to_outside;

FromDevice(p1) -> from_inside :: Track;
from_inside [0] -> pass_out;
from_inside [1] -> rules_out :: IPFilter($FROM_INSIDE) -> WriteConn(ZONE vlan) -> pass_out;
from_inside [2] -> to_outside;
from_inside [3] -> Discard;

FromDevice(p2) -> from_outside :: Track;
from_outside [0] -> pass_in;
from_outside [1] -> rules_in :: IPFilter($FROM_OUTSIDE_1, $FROM_OUTSIDE_2, 1 all) -> what :: IPClassifier(tcp, -);
what [1] -> note_in :: WriteConn(ZONE vlan) -> pass_in;
what [0] -> client :: ReadClient;
client [0] -> note_in;
client [1] -> SYNChallenge -> to_outside;       // back to where the SYN claims to be from
from_outside [2] -> to_inside;
from_outside [3] -> CheckSYNCookie -> WriteClient -> Discard;

// What the rules refuse is shown to `nfup trace`, at most 100 packets a second of it, and dropped.
rules_in [1] -> log :: RatedSplitter(100) -> Print(refused) -> refused :: IPFilter(deny all) -> Discard;
log [1] -> refused;
