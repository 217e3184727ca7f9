int cn_x;
