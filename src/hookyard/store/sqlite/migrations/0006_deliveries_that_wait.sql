-- An index for lists of what waits to be sent, whoever it is for: two thousand rows of all had to be looked at for a page.
-- One that is sent from memory is in it at no time, and costs it a look at its condition: a half of a hundredth of what
-- storing and ending one takes of the processor, which is within the noise. One that waits for its claim costs two
-- hundredths of that more, and the request that sends it takes several times as long.

CREATE INDEX delivery_waiting ON delivery (status, key) WHERE completed_at IS NULL AND status <> 'sending';

-- The same for a tenant, with what has failed: its lists look at nothing of what others have, so that neither how long they
-- take nor how their pages are cut tells how much that is. One that has no tenant or is sent from memory is not in it: a look
-- at its condition, two hundredths of what its statements alone take of the processor. One of a tenant that waits for its
-- claim takes an eighth of that.
CREATE INDEX delivery_unsettled_of_tenant ON delivery (tenant, status, key)
WHERE tenant <> '' AND status <> 'sending' AND status <> 'delivered';
