define($DEV p1, $N 14)
elementclass Q { $a, LENGTH $l | input -> Strip($l) -> output; input [1] -> Discard || ... }
FromDevice($DEV) -> c :: Classifier(12/0800 !23/06%0f, 12/08??, -) => ( [0] -> Counter -> [0]; [1] -> [0]; [2] -> ) -> q :: { -> Null -> };
