// NAPT for the hosts behind p1: towards p2 they all have the outside address.
// p1 and p2 are one Ethernet segment; the NF has no address of its own. What is
// not IPv4 passes as it is.

// To be set: the outside address, as a prefix, in hex, and that which ICMP errors to the
// hosts come from; the MAC address of the host or router behind p1, which is where frames
// for it shall go; the MTU of the link behind p2.
define($OUTSIDE 10.77.0.100/32, $IS_OUTSIDE 16/0a4d0064, $ERRORS_FROM 10.77.0.100,
       $INSIDE_MAC 02:00:00:00:77:01, $MTU 1500, $PORTS 1024-65535, $FILTER address);

to_inside :: ToDevice(p1);
to_outside :: ToDevice(p2);

/* from inside */
FromDevice(p1) -> from_inside :: Classifier(12/0800 20/0000%3fff, 12/0800, 12/0806, -);
from_inside [2] -> arp_inside :: ARPResponder($OUTSIDE, $INSIDE_MAC) -> to_inside;
arp_inside [1] -> to_outside;
from_inside [3] -> to_outside;

from_inside [0] -> Strip(14) -> CheckIPHeader
	-> ICMPErrorFlow                        // an error belongs to the flow it is about
	-> nat :: ReadNAT(inside);              // is there a mapping?
nat [1] -> pool :: ReadPool($OUTSIDE, $PORTS);  // no: find a free port of the pool,
pool -> claim :: WritePool;                     // claim it,
claim -> map :: WriteNAT;                       // and map the host's port to it
claim [1] -> ReadPool($OUTSIDE, $PORTS) -> WritePool -> map; // somebody was faster: once more
nat [0] -> session :: WriteSession($FILTER);
map -> session;                                 // whom the host has sent to
session -> way :: Classifier(6/20%20, $IS_OUTSIDE, -); // a first fragment, hairpinning, all else
way [2] -> out :: CheckMTU($MTU) -> IPRewrite -> to_outside;

// Hosts hear what becomes of their packets, at most 1,000 times a second: too long for the
// link behind p2 (nothing is fragmented here), or that there is no room for one more flow.
too_long :: RatedSplitter(1000) -> ICMPError($ERRORS_FROM, unreachable, needfrag, MTU $MTU) -> answer :: EtherMirror -> to_inside;
no_room :: RatedSplitter(1000) -> ICMPError($ERRORS_FROM, unreachable, filterprohib) -> answer;
out [1] -> too_long;
out [2] -> too_long;
pool [1] -> no_room;
claim [2] -> no_room;
session [1] -> no_room;

/* from outside, and from inside to an outside address (hairpinning) */
FromDevice(p2) -> from_outside :: Classifier(12/0800 20/0000%3fff, 12/0800, 12/0806, -);
from_outside [2] -> arp_outside :: ARPResponder($OUTSIDE, $INSIDE_MAC) -> to_outside;
arp_outside [1] -> to_inside;
from_outside [3] -> to_inside;

from_outside [0] -> Strip(14) -> CheckIPHeader -> ICMPErrorFlow
	-> may_enter :: ReadSession($FILTER);   // has the host sent to this one?
way [1] -> may_enter;
may_enter [0] -> back :: ReadNAT(outside);
back [0] -> in :: IPRewrite -> to_inside;
back [1] -> Discard;

/* Fragments: the first one goes the way of a whole packet, and its addresses are noted;
 * the later ones, which have no ports, get the same. */
from_inside [1] -> Strip(14) -> CheckIPHeader -> part_out :: ReadFrag;
part_out [0] -> nat;
way [0] -> first_way :: Classifier($IS_OUTSIDE, -);
first_way [1] -> WriteFrag -> out;
part_out [1] -> part_way :: Classifier($IS_OUTSIDE, -);
part_way [0] -> in;
part_way [1] -> out;

from_outside [1] -> Strip(14) -> CheckIPHeader -> part_in :: ReadFrag;
part_in [0] -> first_may_enter :: ReadSession($FILTER);
first_way [0] -> first_may_enter;
first_may_enter [0] -> first_back :: ReadNAT(outside);
first_back [0] -> WriteFrag -> in;
first_back [1] -> Discard;
part_in [1] -> in;
