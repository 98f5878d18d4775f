// Package network joins the lab's clusters: a bridge stands for the internet
// between them, and pod networks are routed over it only between clusters of one network.
//
// Owns: the bridge, each node's link to it, the addresses that load balancers
// hold on a node, the faults of links.
// May import: lab/internal/topology, vishvananda/netlink.
package network
