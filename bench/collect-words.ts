/** What the bench and a node that collects garbage on request say to each other over the IPC channel. */
export const COLLECT = "collect garbage";
export const COLLECTED = "garbage collected";
