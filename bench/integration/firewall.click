// The whitelist firewall for IPv4 and IPv6 with counters: 26 nodes. What
// bench/integration edits while it runs.
from_client :: FromDevice(p1);
from_server :: FromDevice(p2);
to_client :: ToDevice(p1);
to_server :: ToDevice(p2);
wl :: ReadWL;
fsm :: ReadFSM;

from_client -> Counter -> c :: Classifier(12/0800, 12/86dd, -);
c[0] -> Strip(14) -> CheckIPHeader -> CheckTCPHeader -> wl;
c[1] -> Strip(14) -> CheckIP6Header -> CheckTCPHeader -> wl;
c[2] -> Counter -> to_server;

wl[0] -> Counter -> SetIPDSCP(10) -> to_server;
wl[1] -> Counter -> fsm;
fsm[0] -> WriteFSM -> Counter -> to_server;
fsm[1] -> Counter -> Discard;
fsm[2] -> WriteWL -> Counter -> to_server;

from_server -> Counter -> Null -> to_client;
