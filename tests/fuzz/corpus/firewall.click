// The whitelist firewall of firewall.table in the Click language.

/* what comes in by p1 */
out :: ToDevice(p2);                 // towards p2
c :: Classifier(12/0800, -);         // IPv4, and everything else
whitelist :: ReadWL;                 // connections known to be good
fsm :: ReadFSM;                      // where a TCP connection has got to

FromDevice(p1) -> c;
c [0] -> Strip(14) -> CheckIPHeader -> whitelist;
c [1] -> out;                        // not IPv4: straight through

whitelist [0] -> out;                // on the whitelist
whitelist [1] -> fsm;

fsm [0] -> WriteFSM -> out;          // a valid step: remember it
fsm [1] -> Discard;                  // an invalid one
fsm [2] -> WriteWL -> out;           // established: from now on whitelisted

/* what comes back */
FromDevice(p2) -> ToDevice(p1);
