-- An index for lists of what waits to be sent, whoever it is for: two thousand rows of all had to be looked at for a page.
-- One that is sent from memory is in it at no time, and costs it a look at its condition: a half of a hundredth of what
-- storing and ending one takes of the processor, which is within the noise. One that waits for its claim costs two
-- hundredths of that more, and the request that sends it takes several times as long.

CREATE INDEX delivery_waiting ON delivery (status, key) WHERE completed_at IS NULL AND status <> 'sending';
