/** Where each demo subgraph listens unless it is told otherwise; the order is the order in which they are listed everywhere. */
export const defaultPorts = { accounts: 4101, products: 4102, inventory: 4103, reviews: 4104 } as const;

export type SubgraphName = keyof typeof defaultPorts;
