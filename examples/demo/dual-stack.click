// The firewall, next version: it filters IPv6 as well, and counts each way.
// State stays where it is: the whitelist and the handshakes go by name.

from_client :: FromDevice(p1);
from_server :: FromDevice(p2);
to_client :: ToDevice(p1);
to_server :: ToDevice(p2);
wl :: ReadWL;
fsm :: ReadFSM;

from_client -> Counter -> c :: Classifier(12/0800, 12/86dd, -);
c[0] -> Strip(14) -> CheckIPHeader -> wl;
c[1] -> Strip(14) -> CheckIP6Header -> wl;
c[2] -> to_server;

wl[0] -> to_server;
wl[1] -> fsm;
fsm[0] -> WriteFSM -> to_server;
fsm[1] -> Discard;
fsm[2] -> WriteWL -> to_server;

from_server -> Counter -> to_client;
