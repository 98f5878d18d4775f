// Package names is the DNS of the network between the lab's clusters: it
// answers for the host names of load balancers, as a cloud's DNS does.
//
// Owns: the zone, when a name begins to resolve, what is answered before.
// May import: miekg/dns; nothing of ours.
//
// It is a server of its own and not a CoreDNS beside those of the nodes,
// because a rehearsal needs a name to begin to resolve at one moment and to be
// NXDOMAIN, with a SOA, before it: CoreDNS reads its zones from files, at most
// every second, and its hosts plugin sends no SOA. The library is the one that
// CoreDNS and istiod themselves speak DNS with.
package names
