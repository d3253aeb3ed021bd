"""`make chaos`: every fault in turn and at once, hosts killed all the time; in the end everybody is as they must be."""
