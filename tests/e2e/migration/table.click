// Everything passes; what carries an operation changes TAB on its way.
FromDevice(p1) -> a :: Classifier(12/0800, -);
a[0] -> Strip(14) -> CheckIPHeader -> Apply -> right :: ToDevice(p2);
a[1] -> right;
FromDevice(p2) -> b :: Classifier(12/0800, -);
b[0] -> Strip(14) -> CheckIPHeader -> Apply -> left :: ToDevice(p1);
b[1] -> left;
