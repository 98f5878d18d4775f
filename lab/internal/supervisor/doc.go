// Package supervisor is the program inside the lab's sandbox: it joins the
// clusters, serves images and load balancers, and keeps the nodes running.
//
// Owns: the life of the nodes as processes, the doors for the host (API
// servers, control), faults of the network.
// May import: lab/internal/network, lab/internal/node, lab/loadbalancer, lab/images, lab/internal/topology.
package supervisor
