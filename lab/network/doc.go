// Package network joins the lab's clusters: a bridge stands for the internet
// between them, and no pod network is routed over it.
//
// Owns: the bridge, each node's link to it, the addresses that load balancers
// hold on a node, the faults of links.
// May import: lab/topology, vishvananda/netlink.
package network
