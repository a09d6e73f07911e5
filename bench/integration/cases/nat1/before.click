// NAPT for the hosts behind p1: towards p2 they all have the outside address.
// p1 and p2 are one Ethernet segment; the NF has no address of its own. What is
// not IPv4 passes as it is.

// To be set: the outside address, as a prefix and in hex; the MAC address
// of the host or router behind p1, which is where frames for it shall go.
define($OUTSIDE 10.77.0.100/32, $IS_OUTSIDE 16/0a4d0064, $INSIDE_MAC 02:00:00:00:77:01,
       $PORTS 1024-65535, $FILTER address);

to_inside :: ToDevice(p1);
to_outside :: ToDevice(p2);

/* from inside */
FromDevice(p1) -> from_inside :: Classifier(12/0800, 12/0806, -);
from_inside [1] -> arp_inside :: ARPResponder($OUTSIDE, $INSIDE_MAC) -> to_inside;
arp_inside [1] -> to_outside;
from_inside [2] -> to_outside;

from_inside [0] -> Strip(14) -> CheckIPHeader
	-> nat :: ReadNAT(inside);              // is there a mapping?
nat [1] -> pool :: ReadPool($OUTSIDE, $PORTS);  // no: find a free port of the pool,
pool -> claim :: WritePool;                     // claim it,
claim -> map :: WriteNAT;                       // and map the host's port to it
claim [1] -> ReadPool($OUTSIDE, $PORTS) -> WritePool -> map; // somebody was faster: once more
nat [0] -> session :: WriteSession($FILTER);
map -> session;                                 // whom the host has sent to
session -> way :: Classifier($IS_OUTSIDE, -);
way [1] -> IPRewrite -> to_outside;

/* from outside, and from inside to an outside address (hairpinning) */
may_enter :: ReadSession($FILTER);              // has the host sent to this one?
FromDevice(p2) -> from_outside :: Classifier(12/0800, 12/0806, -);
from_outside [0] -> Strip(14) -> CheckIPHeader -> may_enter;
from_outside [1] -> arp_outside :: ARPResponder($OUTSIDE, $INSIDE_MAC) -> to_outside;
arp_outside [1] -> to_inside;
from_outside [2] -> to_inside;

way [0] -> may_enter;
may_enter [0] -> back :: ReadNAT(outside);
back [0] -> IPRewrite -> to_inside;
back [1] -> Discard;
